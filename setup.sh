#!/bin/bash
# Installs what building, testing and running Coppice needs, on Debian 12. Safe to run again: when
# all is there it says so and changes nothing.
set -euo pipefail

packages=(
  # The build.
  bazel-bootstrap bazel-platforms bazel-rules-java bazel-rules-proto bazel-skylib
  g++ pkg-config git
  # Libraries.
  libfuse3-dev libgrpc++-dev libprotobuf-dev libabsl-dev libcli11-dev libspdlog-dev libfmt-dev
  libisal-dev libxxhash-dev nlohmann-json3-dev libmimalloc-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  # Code generators.
  protobuf-compiler protobuf-compiler-grpc
  # Running it: fusermount3. The demo imports numpy with Debian's own Python, on nodes made with ip.
  fuse3 python3 python3-numpy iproute2 util-linux
  # The tests' own tools.
  attr libcap2-bin rsync strace
  # What host expressions are compared with: nodeset and scontrol.
  clustershell slurm-client
  # The tests of launching on many hosts, by every tool: nodes with sshd.
  openssh-client openssh-server procps pdsh mpich openmpi-bin slurm-wlm munge
  # Checks of style.
  clang clang-format clang-tidy shellcheck
)

say() { printf 'setup.sh: %s\n' "$*" >&2; }

# shellcheck source=/dev/null
release=$(. /etc/os-release && printf '%s %s' "${ID:-unknown}" "${VERSION_ID:-}") || release=unknown
if [ "$release" != "debian 12" ]; then
  say "this is $release; only Debian 12 is set up by this script. Install what these packages hold:"
  printf '  %s\n' "${packages[@]}" >&2
  exit 1
fi

# Prints those of the packages that are not installed, with one call for all of them.
missing_packages() {
  local installed package
  # dpkg-query fails when it does not know one of the names; it still prints the others.
  # shellcheck disable=SC2016  # ${...} is dpkg-query's.
  local format='${db:Status-Status} ${Package}\n'
  installed=$(dpkg-query --show --showformat "$format" "${packages[@]}" 2>/dev/null) || true
  for package in "${packages[@]}"; do
    case $'\n'"$installed"$'\n' in
      *$'\n'"installed $package"$'\n'*) ;;
      *) printf '%s\n' "$package" ;;
    esac
  done
}

mapfile -t missing < <(missing_packages)
if [ ${#missing[@]} -eq 0 ]; then
  say "all ${#packages[@]} packages are installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    say "not root, and there is no sudo; as root, run:"
    say "apt-get install --no-install-recommends ${missing[*]}"
    exit 1
  fi
  as_root=(sudo)
fi
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
install=("${apt[@]}" install -y --no-install-recommends)

say "installing ${#missing[@]} packages: ${missing[*]}"
if ! "${apt[@]}" update </dev/null >&2; then
  say "apt-get update failed (above); going on with the package lists that are here"
fi
if ! "${install[@]}" "${missing[@]}" </dev/null >&2; then
  # All at once failed: one at a time says which.
  failed=()
  for package in "${missing[@]}"; do
    "${install[@]}" "$package" </dev/null >&2 || failed+=("$package")
  done
  if [ ${#failed[@]} -gt 0 ]; then
    say "could not install: ${failed[*]}"
    say "apt-get's reasons are above; check the network and /etc/apt/sources.list"
    exit 1
  fi
fi
mapfile -t missing < <(missing_packages)
if [ ${#missing[@]} -gt 0 ]; then
  say "still not installed: ${missing[*]}"
  exit 1
fi
say "done"
