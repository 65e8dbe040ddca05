"""Where Docker Desktop looks for the organizations whose members may sign in (S5, S8)."""

WINDOWS_KEY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Docker\Docker Desktop"
WINDOWS_FILE = "/ProgramData/DockerDesktop/registry.json"
MAC_FOLDER = "/Library/Application Support/com.docker.docker"
MAC_FILE = f"{MAC_FOLDER}/registry.json"
MAC_PLIST = f"{MAC_FOLDER}/desktop.plist"
# The domain of a configuration profile's payload, and where macOS keeps what a profile has set.
MAC_PAYLOAD = "com.docker.config"
MAC_MANAGED = f"/Library/Managed Preferences/{MAC_PAYLOAD}.plist"
LINUX_FILE = "/usr/share/docker-desktop/registry/registry.json"

# The value's name at each of them, and the only key of `registry.json` (S1).
ALLOWED_ORGS = "allowedOrgs"
