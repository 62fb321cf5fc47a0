#%Module1.0
# Environment Modules, and Lmod without Lua:
# module use PREFIX/share/modulefiles; module load coppice
proc ModulesHelp { } {
    puts stderr "Coppice: a read-only cooperative caching file system."
    puts stderr "`coppice help` explains the command, `man coppice` too."
}
module-whatis "each file is read once from the parallel file system, whatever the nodes"
conflict coppice

# PREFIX/share/modulefiles/coppice/VERSION: wherever the package was unpacked.
set prefix [file dirname [file dirname [file dirname [file dirname $ModulesCurrentModulefile]]]]
setenv COPPICE_ROOT $prefix
prepend-path PATH $prefix/bin
# man looks beside PATH by itself; where it is told where to look, it looks nowhere else.
if {[info exists ::env(MANPATH)] && $::env(MANPATH) ne ""} {
    prepend-path MANPATH $prefix/share/man
}
