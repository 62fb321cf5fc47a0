"""A program of ours as the package has it: what there is as a static library is linked in, and the
rest is looked for beside the program, in lib."""

load("@system//:static_link.bzl", "STATIC_LINK_FLAGS", "STATIC_WHOLE_FLAGS")

def packaged_binary(name, deps, reflection = False):
    whole = STATIC_WHOLE_FLAGS if reflection else []
    native.cc_binary(
        name = name,
        additional_linker_inputs = ["@system//:static_libraries"],
        linkopts = whole + STATIC_LINK_FLAGS + [
            # rpc/callback_queue.cc stands in for a function of gRPC's, as with the shared library:
            # the first definition is taken, and ours comes before the libraries.
            "-Wl,-z,muldefs",
            # RPATH, not RUNPATH: it holds for the libraries that our libraries need, too. From bin
            # and from libexec/coppice.
            "-Wl,--disable-new-dtags,-rpath,$$ORIGIN/../lib:$$ORIGIN/../../lib",
        ],
        deps = deps,
    )
