-- Lmod: module use PREFIX/share/modulefiles; module load coppice
help([[
Coppice: a read-only cooperative caching file system. `coppice help` explains the command,
`man coppice` too; job scripts are in PREFIX/share/examples.
]])
whatis("Name: coppice")
whatis("Version: " .. myModuleVersion())
whatis("Description: each file is read once from the parallel file system, whatever the nodes")
conflict("coppice")

-- PREFIX/share/modulefiles/coppice/VERSION.lua: wherever the package was unpacked.
local prefix = myFileName():match("^(.*)/share/modulefiles/coppice/[^/]+$")
setenv("COPPICE_ROOT", prefix)
prepend_path("PATH", pathJoin(prefix, "bin"))
-- man looks beside PATH by itself; where it is told where to look, it looks nowhere else.
if (os.getenv("MANPATH") or "") ~= "" then
  prepend_path("MANPATH", pathJoin(prefix, "share/man"))
end
if mode() == "load" and myShellName() == "bash" then
  execute{cmd="source " .. pathJoin(prefix, "share/bash-completion/completions/coppice"),
          modeA={"load"}}
end
