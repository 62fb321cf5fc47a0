#!/bin/bash
# The package, as a user has it: unpacked into a folder of its own and run where none of the
# libraries that it was built with can be seen.
set -uo pipefail

tarball=$(readlink -f "$1")
failed=0
fail() { printf 'FAILED: %s\n' "$*" && failed=1; }
# A tool that is not here is no failure, and is said loudly.
have() {
  command -v "$1" >/dev/null && return
  printf 'NOT TESTED: there is no %s here: %s\n' "$1" "$2"
  return 1
}

# In /tmp: the test's own directory has a name too long for a socket.
work=$(mktemp -d /tmp/coppice_package.XXXXXX)
prefix=
# shellcheck disable=SC2317  # The trap calls it.
finish() {
  [ -n "$prefix" ] && "$prefix/bin/coppice" stop --state_root="$work/state" 2>/dev/null
  rm -rf --one-file-system "$work"
}
trap finish EXIT
tar --extract --file "$tarball" --directory "$work"
prefix=$(echo "$work"/coppice-*-linux-*)
coppice=$prefix/bin/coppice
version=$("$coppice" --version) || fail "coppice --version"
version=${version#coppice }

# Every library is libc's, or in the package.
for program in "$prefix"/bin/* "$prefix"/libexec/coppice/*; do
  ldd "$program" | awk '$2 == "=>" { print $1, $3 }' | while read -r name path; do
    case $path in
      "$work"/*) ;;
      *)
        [[ $name =~ ^lib(c|m|dl|pthread|rt|resolv)\.so ]] ||
          echo "$program needs $name from $path"
        ;;
    esac
  done
done >"$work/foreign"
[ -s "$work/foreign" ] && fail "$(cat "$work/foreign")"
printf 'libraries in the package: %s\n' "$(ls -x "$prefix/lib")"

# A session, by programs that see no library but libc: in a mount namespace of its own an empty
# folder hides those of the machine, and a new one has libc's only.
cat >"$work/session.sh" <<'SESSION'
set -eu
prefix=$1 work=$2
libraries=$(dirname "$(ldd /bin/sh | awk '$1 == "libc.so.6" { print $3 }')")
real=$(readlink -f "$libraries")
if [ "$3" = hide ]; then
  mkdir "$work/libc"
  for name in libc libm libdl libpthread librt libresolv libnss_files libnss_dns ld-linux-x86-64 \
    libselinux libpcre2-8 libz libexpat libtinfo libmount libblkid libacl libattr libgmp; do
    cp -a "$real/$name".so* "$work/libc/" 2>/dev/null || true
  done
  mount --bind "$work/libc" "$real"
  if ls "$real" | grep -q -e grpc -e absl -e spdlog -e stdc++; then exit 9; fi
fi
coppice=$prefix/bin/coppice
mkdir -p "$work/data/packages"
echo "text = 'hello'" >"$work/data/packages/greeting.py"
"$coppice" launch --mount="$work/mount" --export_root="$work/data" --state_root="$work/state"
"$coppice" status --state_root="$work/state"
"$coppice" run --state_root="$work/state" --prefix="$work/data/packages" -- \
  /usr/bin/python3 -c 'import greeting; print(greeting.text, greeting.__file__)'
# Our queue of callbacks, and not that of the gRPC that is linked in.
for process in /proc/[0-9]*; do
  [ "$(readlink "$process/exe")" = "$prefix/libexec/coppice/peer_server" ] || continue
  grep -q callbacks "$process"/task/*/comm && echo "the queue is ours"
done
"$coppice" stop --state_root="$work/state"
SESSION
if [ ! -w /dev/fuse ]; then
  echo "NOT TESTED: /dev/fuse cannot be opened here: a session with the package"
elif unshare --mount --propagation=private true 2>/dev/null; then
  output=$(unshare --mount --propagation=private \
    /bin/bash "$work/session.sh" "$prefix" "$work" hide 2>&1) ||
    fail "a session without the machine's libraries ended with $?: $output"
  [[ $output == *"hello $work/mount/packages/greeting.py"* ]] || fail "the import: $output"
  [[ $output == *"the queue is ours"* ]] || fail "rpc/callback_queue is not used: $output"
  [ -e "$work/state" ] && fail "stop left something behind"
else
  echo "NOT TESTED: no mount namespace here: the machine's libraries were not hidden"
  output=$(/bin/bash "$work/session.sh" "$prefix" "$work" show 2>&1) || fail "a session: $output"
fi

# Manual pages.
if have man "manual pages"; then
  for page in "$prefix"/share/man/man1/*.1; do
    text=$(MANWIDTH=80 man --warnings -l "$page" 2>"$work/warnings" | cat)
    [[ $text == *coppice* ]] || fail "man -l $page shows nothing"
    [ -s "$work/warnings" ] && fail "$page: $(cat "$work/warnings")"
  done
fi

# Completion: syntax, and what it offers.
completion=$prefix/share/bash-completion/completions/coppice
bash -n "$completion" || fail "the completion is no bash"
complete_words() {
  # shellcheck disable=SC2016
  bash --norc -c 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }
    _coppice; printf "%s\n" "${COMPREPLY[@]}"' "$completion" "$@"
}
expect_words() {
  local expected=$1 words
  shift
  words=$(complete_words "$@")
  [ "$words" = "$expected" ] || fail "'$*' completes to '$words', not to '$expected'"
}
expect_words $'status\nstats' coppice sta
expect_words --cpus= coppice launch --cp
expect_words "$prefix/README.md" coppice env --prefix = "$prefix/REA"

# Module files.
module=$prefix/share/modulefiles/coppice/$version
if have lua "the Lmod module file"; then
  lua -e "assert(loadfile('$module.lua'))" || fail "the Lua module file"
fi
if have tclsh "the Tcl module file"; then
  cat >"$work/module.tcl" <<'MODULE'
foreach name {module-whatis conflict} { proc $name args {} }
foreach name {setenv prepend-path} { proc $name {a b} { puts "$a=$b" } }
set ModulesCurrentModulefile [lindex $argv 0]
source $ModulesCurrentModulefile
MODULE
  text=$(MANPATH=/usr/share/man tclsh "$work/module.tcl" "$module") || fail "the Tcl module file"
  for line in "COPPICE_ROOT=$prefix" "PATH=$prefix/bin" "MANPATH=$prefix/share/man"; do
    [[ $'\n'$text$'\n' == *$'\n'$line$'\n'* ]] || fail "the Tcl module file sets '$text'"
  done
fi

# Spack, job scripts.
PYTHONPYCACHEPREFIX=$work/pycache \
  python3 -m py_compile "$prefix/share/spack/packages/coppice/package.py" ||
  fail "package.py"
for script in "$prefix"/share/examples/*; do bash -n "$script" || fail "$script"; done

[ "$failed" -eq 0 ] && echo "PASSED: $(basename "$tarball"), $(du -h "$tarball" | cut -f1)"
exit "$failed"
