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
