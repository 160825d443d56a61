# shellcheck shell=bash disable=SC2034
# Sourced by every script in this folder and in bench/compare: where things are, and how to speak.
# Words go to stderr, so that a script's stdout stays a result.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
artifacts="$root/artifacts"
tools="$artifacts/tools"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_CLI_UI_LANGUAGE=en

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# dotnet_build ARGUMENT...: in CI no compiler server is left behind; on a desk they make the next build quick.
dotnet_flags=()
if [[ "${CI:-}" == true ]]; then
    export MSBUILDDISABLENODEREUSE=1
    dotnet_flags=(-nodeReuse:false -p:UseSharedCompilation=false)
fi
