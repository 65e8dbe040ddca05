#Requires -Version 5.1
<#
.SYNOPSIS
What Docker Desktop on this Windows machine reads, whether it says what it should, and whether only
administrators may change it.

.DESCRIPTION
It changes nothing. Anybody may run it.

    powershell -ExecutionPolicy Bypass -File verify-windows.ps1
    powershell -ExecutionPolicy Bypass -File verify-windows.ps1 -Hubadmin https://hubadmin.example.com -TokenFile token

The second also asks Hubadmin whether the organizations exist; the token is an organization's, with the
scope repo:admin, or a registry's credential.

Exit code: 0 enforced; 1 not enforced; 2 what counts is malformed, or for other organizations; 3 users
may change it; 4 something could not be looked at. The smallest but 0.
#>
[CmdletBinding()]
param(
    [string] $Hubadmin = '',
    [string] $TokenFile = ''
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

[string[]] $Expected = @('globex', 'acme-at-hub', 'big_bank')
# The same key for 32-bit and 64-bit programs.
$Key = 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Docker\Docker Desktop'
$ValueName = 'allowedOrgs'
$File = Join-Path $env:ProgramData 'DockerDesktop\registry.json'

# Whoever may write: SYSTEM, administrators, and Windows' own installer. By number, since their names
# are translated.
$Trusted = @(
    'S-1-5-18',
    'S-1-5-32-544',
    'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'
)

# What others may do to a file, a folder or a key that lets them change what Docker Desktop reads.
# That they may make new files in a folder is no harm: they can't replace one that is there.
$Dangerous = @{
    File   = [int][System.Security.AccessControl.FileSystemRights]'WriteData, AppendData, Delete, ChangePermissions, TakeOwnership'
    Folder = [int][System.Security.AccessControl.FileSystemRights]'DeleteSubdirectoriesAndFiles, Delete, ChangePermissions, TakeOwnership'
    Key    = [int][System.Security.AccessControl.RegistryRights]'SetValue, CreateSubKey, Delete, ChangePermissions, TakeOwnership'
}

# One sentence for each way in which somebody else may change it; none when all is well.
function Get-Weakness {
    param($Acl, [string] $Kind, [string] $What)
    $sid = [System.Security.Principal.SecurityIdentifier]
    $owner = $Acl.GetOwner($sid).Value
    if ($Trusted -notcontains $owner) {
        "$What belongs to a user ($owner), who may change it."
    }
    foreach ($rule in $Acl.GetAccessRules($true, $true, $sid)) {
        $inheritOnly = [int]$rule.PropagationFlags -band [int][System.Security.AccessControl.PropagationFlags]::InheritOnly
        if ($rule.AccessControlType -ne 'Allow' -or $inheritOnly) { continue }
        if ($Kind -eq 'Key') { $rights = [int]$rule.RegistryRights } else { $rights = [int]$rule.FileSystemRights }
        # Generic rights, to write and to do everything, stand for themselves in old lists.
        $mask = $Dangerous[$Kind] -bor 0x50000000
        if (($rights -band $mask) -and ($Trusted -notcontains $rule.IdentityReference.Value)) {
            "$What may be changed by $($rule.IdentityReference.Value)."
        }
    }
}

$script:Status = 0
function Write-Problem {
    param([int] $Code, [string] $Sentence)
    Write-Output "   Problem: $Sentence"
    if ($script:Status -eq 0 -or $Code -lt $script:Status) { $script:Status = $Code }
}

# What comes out of a file may hold anything, also what a terminal would obey.
function Get-Harmless {
    param([string] $Text)
    return $Text -creplace '[^\x20-\x7e]', '?'
}

function Test-Names {
    param([string[]] $Names)
    $shown = @($Names | ForEach-Object { Get-Harmless $_ }) -join ' '
    Write-Output "   Organizations: $shown"
    $seen = @()
    foreach ($name in $Names) {
        $harmless = Get-Harmless $name
        if ($name -cmatch '[A-Z]') {
            Write-Problem 2 "$harmless has upper-case letters; Docker Desktop compares letter by letter."
        }
        elseif ($name.Length -gt 30 -or $name -cnotmatch '\A[a-z0-9]([-_]?[a-z0-9])+\z') {
            Write-Problem 2 "$harmless can't be the name of an organization."
        }
        if ($seen -ccontains $name) { Write-Problem 2 "$harmless is there twice." }
        $seen += $name
    }
    $there = @($Names | Sort-Object -CaseSensitive) -join ' '
    $wished = @($Expected | Sort-Object -CaseSensitive) -join ' '
    if ($there -cne $wished) { Write-Problem 2 "It should be for: $($Expected -join ', ')." }
}

function Test-Key {
    $script:Names = @()
    $item = Get-Item -LiteralPath $Key
    if ($item.GetValueKind($ValueName) -ne 'MultiString') {
        Write-Problem 2 'It is no multi-string value (REG_MULTI_SZ).'
    }
    else {
        $script:Names = @($item.GetValue($ValueName))
        if ($script:Names.Count -eq 0) { Write-Problem 2 'It names no organization.' }
        else { Test-Names $script:Names }
    }
    foreach ($weakness in @(Get-Weakness (Get-Acl -LiteralPath $Key) 'Key' 'The key')) {
        Write-Problem 3 $weakness
    }
}

function Test-File {
    $script:Names = @()
    $bytes = [System.IO.File]::ReadAllBytes($File)
    $start = [System.BitConverter]::ToString($bytes, 0, [Math]::Min(3, $bytes.Length))
    $text = [System.Text.Encoding]::UTF8.GetString($bytes)
    $string = '"(?:[^"\\]|\\.)*"'
    $form = '\A\s*\{\s*"allowedOrgs"\s*:\s*\[\s*(?<names>' + $string + '(?:\s*,\s*' + $string + ')*)?\s*\]\s*\}\s*\z'
    $found = [regex]::Match($text, $form)
    if ($bytes.Length -gt 65536) { Write-Problem 2 'It is larger than 64 KiB.' }
    elseif ($start -eq 'EF-BB-BF') { Write-Problem 2 'It begins with a byte order mark. Save it as UTF-8 without one.' }
    elseif ($start -match '\A(FF-FE|FE-FF)') { Write-Problem 2 'It is UTF-16. Save it as UTF-8 without a byte order mark.' }
    elseif (-not $found.Success) { Write-Problem 2 'It is not of the form {"allowedOrgs":["acme"]}.' }
    else {
        $strings = [regex]::Matches($found.Groups['names'].Value, $string)
        $script:Names = @($strings | ForEach-Object { $_.Value.Substring(1, $_.Value.Length - 2) })
        if ($script:Names.Count -eq 0) { Write-Problem 2 'It names no organization.' }
        else { Test-Names $script:Names }
    }
    $folder = Split-Path -Parent $File
    $weaknesses = @(Get-Weakness (Get-Acl -LiteralPath $File) 'File' 'The file')
    $weaknesses += @(Get-Weakness (Get-Acl -LiteralPath $folder) 'Folder' 'Its folder')
    foreach ($weakness in $weaknesses) { Write-Problem 3 $weakness }
    foreach ($path in @($File, $folder)) {
        $item = Get-Item -LiteralPath $path -Force
        if ($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint) {
            Write-Problem 3 "$path is a link, which whoever made it may turn elsewhere."
        }
    }
}

function Test-Hubadmin {
    $question = @{
        subject  = @{ type = 'anonymous'; id = 'verify' }
        action   = @{ name = 'sign_in' }
        resource = @{ type = 'machine'; id = 'verify'; properties = @{ allowedOrgs = @($script:Names) } }
    }
    try {
        $token = (Get-Content -LiteralPath $TokenFile -TotalCount 1).Trim()
        [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
        $answer = Invoke-RestMethod -Method Post -Uri "$($Hubadmin.TrimEnd('/'))/access/v1/evaluation" `
            -Headers @{ Authorization = "Bearer $token" } -ContentType 'application/json' `
            -Body (ConvertTo-Json $question -Depth 5 -Compress) -TimeoutSec 20 -UseBasicParsing
        $findings = @($answer.context.findings)
    }
    catch {
        Write-Problem 4 "$Hubadmin did not answer: $(Get-Harmless $_.Exception.Message)"
        return
    }
    foreach ($finding in $findings) { Write-Problem 2 "$Hubadmin says: $(Get-Harmless $finding.message)" }
    if ($findings.Count -eq 0) { Write-Output "   $Hubadmin knows them." }
}

try {
    $script:Names = @()
    $counts = ''
    if ((Test-Path -LiteralPath $Key) -and (Get-Item -LiteralPath $Key).GetValueNames() -contains $ValueName) {
        $counts = 'registry key'
        Write-Output "1. registry key: this one counts. $($Key -replace '^Registry::')"
        Test-Key
    }
    else { Write-Output '1. registry key: not there.' }

    if (-not (Test-Path -LiteralPath $File)) { Write-Output '2. registry.json: not there.' }
    elseif ($counts) { Write-Output "2. registry.json: there, but not read. The $counts comes first." }
    else {
        $counts = 'registry.json'
        Write-Output "2. registry.json: this one counts. $File"
        Test-File
    }
    if ($counts -and $Hubadmin -and $script:Names.Count -gt 0) { Test-Hubadmin }
}
catch { Write-Problem 4 (Get-Harmless $_.Exception.Message) }

if ($script:Status -eq 0 -and -not $counts) {
    Write-Output 'Not enforced: anybody may use Docker Desktop, signed in or not.'
    exit 1
}
switch ($script:Status) {
    0 { Write-Output 'Enforced, and only administrators may change it.' }
    2 { Write-Output 'Wrong: people may be kept out who should come in, or the other way round.' }
    3 { Write-Output 'Enforced, but users may change it.' }
    4 { Write-Output 'Not known: something could not be looked at.' }
}
exit $script:Status
