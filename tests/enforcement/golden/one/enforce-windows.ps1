#Requires -Version 5.1
<#
.SYNOPSIS
Docker Desktop on this Windows machine asks for an account that is a member of one of these organizations.

.DESCRIPTION
Run it as administrator or as SYSTEM, as Intune does, and as often as you like. It writes the registry
key (Docker Desktop 4.32 or later; several organizations from 4.36 on) or registry.json (4.0 or later)
so that only administrators may change it, and reads back what it wrote.

    powershell -ExecutionPolicy Bypass -File enforce-windows.ps1
    powershell -ExecutionPolicy Bypass -File enforce-windows.ps1 -Way RegistryJson
    powershell -ExecutionPolicy Bypass -File enforce-windows.ps1 -Undo

-Undo removes both: Docker Desktop asks nobody any more.
Exit code: 0 done, or nothing to do; 1 not done, and why; 3 not an administrator.
#>
[CmdletBinding()]
param(
    [ValidateSet('RegistryKey', 'RegistryJson')]
    [string] $Way = 'RegistryKey',
    [switch] $Undo
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

[string[]] $Organizations = @('acme')
# The same key for 64-bit programs and for the 32-bit PowerShell in which Intune runs scripts.
$Key = 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Docker\Docker Desktop'
$ValueName = 'allowedOrgs'
$Json = '{"allowedOrgs":["acme"]}'
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

function Test-Administrator {
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object System.Security.Principal.WindowsPrincipal($identity)
    return $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
}

# Owned by administrators; what else is said about it replaces what was inherited.
function Protect-Place {
    param([string] $Path, $Security, [string] $Rules)
    $sections = [System.Security.AccessControl.AccessControlSections]'Owner, Access'
    $Security.SetSecurityDescriptorSddlForm("O:BAD:P$Rules", $sections)
    Set-Acl -LiteralPath $Path -AclObject $Security
}

function Test-Key {
    if (-not (Test-Path -LiteralPath $Key)) { return $false }
    $item = Get-Item -LiteralPath $Key
    if ($item.GetValueNames() -notcontains $ValueName) { return $false }
    if ($item.GetValueKind($ValueName) -ne 'MultiString') { return $false }
    if ((@($item.GetValue($ValueName)) -join "`n") -cne ($Organizations -join "`n")) { return $false }
    return @(Get-Weakness (Get-Acl -LiteralPath $Key) 'Key' 'The key').Count -eq 0
}

function Set-Key {
    # With -Force a key that is there would lose its other values.
    if (-not (Test-Path -LiteralPath $Key)) { $null = New-Item -Path $Key -Force }
    Protect-Place $Key (New-Object System.Security.AccessControl.RegistrySecurity) '(A;CI;KA;;;SY)(A;CI;KA;;;BA)(A;CI;KR;;;BU)'
    $null = New-ItemProperty -LiteralPath $Key -Name $ValueName -PropertyType MultiString -Value $Organizations -Force
}

function Test-File {
    if (-not (Test-Path -LiteralPath $File -PathType Leaf)) { return $false }
    $item = Get-Item -LiteralPath $File -Force
    if ($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint) { return $false }
    $bytes = [System.IO.File]::ReadAllBytes($File)
    $wished = [System.Text.Encoding]::UTF8.GetBytes($Json)
    if ([System.BitConverter]::ToString($bytes) -cne [System.BitConverter]::ToString($wished)) { return $false }
    return @(Get-Weakness (Get-Acl -LiteralPath $File) 'File' 'The file').Count -eq 0
}

function Set-File {
    $folder = Split-Path -Parent $File
    if (-not (Test-Path -LiteralPath $folder)) { $null = New-Item -ItemType Directory -Path $folder }
    $item = Get-Item -LiteralPath $folder -Force
    if ($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint) {
        throw "$folder is a link to somewhere else. Remove it first."
    }
    if (@(Get-Weakness (Get-Acl -LiteralPath $folder) 'Folder' 'The folder').Count -gt 0) {
        Protect-Place $folder (New-Object System.Security.AccessControl.DirectorySecurity) '(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)'
    }
    if (Test-Path -LiteralPath $File -PathType Container) { throw "$File is a folder. Remove it first." }
    # Beside it first, and protected before it takes the other's place: nobody reads half of it, or
    # gets hold of it in between.
    $new = "$File.$([guid]::NewGuid().ToString('N'))"
    try {
        [System.IO.File]::WriteAllText($new, $Json, (New-Object System.Text.UTF8Encoding($false)))
        Protect-Place $new (New-Object System.Security.AccessControl.FileSecurity) '(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)'
        Move-Item -LiteralPath $new -Destination $File -Force
    }
    finally {
        if (Test-Path -LiteralPath $new) { Remove-Item -LiteralPath $new -Force }
    }
}

function Remove-Both {
    if (Test-Path -LiteralPath $Key) { Remove-ItemProperty -LiteralPath $Key -Name $ValueName -ErrorAction SilentlyContinue }
    if (Test-Path -LiteralPath $File) { Remove-Item -LiteralPath $File -Force }
}

if (-not (Test-Administrator)) {
    Write-Output 'Run this as administrator.'
    exit 3
}
try {
    if ($Undo) {
        Remove-Both
        Write-Output 'The registry key and registry.json are not there any more.'
        exit 0
    }
    if ($Way -eq 'RegistryKey') { $name = $Key -replace '^Registry::' } else { $name = $File }
    if ($Way -eq 'RegistryKey') { $right = Test-Key } else { $right = Test-File }
    if ($right) {
        Write-Output "$name is as it should be already."
        exit 0
    }
    if ($Way -eq 'RegistryKey') { Set-Key; $right = Test-Key } else { Set-File; $right = Test-File }
    if (-not $right) { throw "$name was written, but is not as it should be." }
    Write-Output "$name is written."
    exit 0
}
catch {
    Write-Output "Not done: $($_.Exception.Message)"
    exit 1
}
