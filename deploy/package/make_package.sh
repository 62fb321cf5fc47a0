#!/bin/bash
# Puts the package together: make_package.sh OUTPUT.tar.gz ROOT PAIR...
#
# A PAIR is DESTINATION=FILE; ROOT is the one folder in the tarball. What goes into bin and
# libexec/coppice is stripped, and the shared libraries that it needs beyond libc go into lib, where
# its RPATH finds them: a node needs libc and fusermount3.
set -euo pipefail

output=$1
root=$2
shift 2

# What every Linux has, from one source with its loader: never to be brought along.
readonly names='linux-vdso|ld-linux[-a-z0-9_]*|libc|libm|libdl|libpthread|librt|libresolv|libutil'
readonly of_libc="^($names)\\.so"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/$root

for pair in "$@"; do
  destination=$top/${pair%%=*}
  mkdir -p "$(dirname "$destination")"
  cp -L "${pair#*=}" "$destination"
  case ${pair%%=*} in
    bin/* | libexec/*)
      strip --strip-unneeded "$destination"
      chmod 0755 "$destination"
      ;;
    *) chmod 0644 "$destination" ;;
  esac
done

# "NAME PATH" of each library that a program is bound to, in the end.
libraries() { ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' | sort -u; }

mkdir -p "$top/lib"
while read -r name path; do
  [[ $name =~ $of_libc ]] && continue
  cp -L "$path" "$top/lib/$name"
  chmod 0644 "$top/lib/$name"
  # Whose it is goes with it.
  owner=$(dpkg-query --search "$(readlink -f "$path")" 2>/dev/null | sed 's/:.*//;q') || owner=
  if [ -n "$owner" ] && [ -r "/usr/share/doc/$owner/copyright" ]; then
    mkdir -p "$top/share/doc/coppice/licenses"
    cp -L "/usr/share/doc/$owner/copyright" "$top/share/doc/coppice/licenses/$owner"
  fi
done < <(libraries "$top"/bin/* "$top"/libexec/coppice/*)

# Those that are linked in, likewise.
for package in libabsl-dev libc-ares-dev libfuse3-dev libgrpc++-dev libprotobuf-dev libre2-dev \
  libssl-dev libxxhash-dev zlib1g-dev libcli11-dev nlohmann-json3-dev; do
  if [ -r "/usr/share/doc/$package/copyright" ]; then
    mkdir -p "$top/share/doc/coppice/licenses"
    cp -L "/usr/share/doc/$package/copyright" "$top/share/doc/coppice/licenses/$package"
  fi
done

# The same files give the same bytes.
tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 \
  --directory="$work" "$root" |
  gzip -n >"$output"
