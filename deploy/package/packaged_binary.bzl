"""A program of ours as the package has it: what there is as a static library is linked in, and the
rest is looked for beside the program, in lib."""

load("@system//:static_link.bzl", "STATIC_LINK_FLAGS")

def packaged_binary(name, deps):
    native.cc_binary(
        name = name,
        additional_linker_inputs = ["@system//:static_libraries"],
        linkopts = STATIC_LINK_FLAGS + [
            # RPATH, not RUNPATH: it holds for the libraries that our libraries need, too. From bin
            # and from libexec/coppice.
            "-Wl,--disable-new-dtags,-rpath,$$ORIGIN/../lib:$$ORIGIN/../../lib",
        ],
        deps = deps,
    )
