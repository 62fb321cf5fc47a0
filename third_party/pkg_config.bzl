"""System libraries as Bazel targets, found with pkg-config.

pkg-config, not fixed paths: a Spack environment or another distribution works by setting
PKG_CONFIG_PATH, as for any other package.
"""

def _flags(ctx, pkg_config, mode, modules):
    result = ctx.execute([pkg_config, mode] + modules)
    if result.return_code != 0:
        fail("pkg-config does not know %s; ./setup.sh installs it.\n%s" %
             (" ".join(modules), result.stderr))
    return [flag for flag in result.stdout.strip().split(" ") if flag]

def _without_repeats(flags):
    seen = {}
    for flag in flags:
        seen[flag] = True
    return list(seen.keys())

_LIBRARY = """
cc_library(
    name = "{name}",
    defines = {defines},
    includes = {includes},
    linkopts = {linkopts},
    visibility = ["//visibility:public"],
)
"""

def _pkg_config_repository_impl(ctx):
    pkg_config = ctx.which("pkg-config")
    if not pkg_config:
        fail("pkg-config is not installed; ./setup.sh installs it.")
    build = "# Made by third_party/pkg_config.bzl.\n"
    for name, modules in ctx.attr.libraries.items():
        includes = []
        defines = []
        for flag in _without_repeats(_flags(ctx, pkg_config, "--cflags", modules)):
            if flag.startswith("-I"):
                link = "include_%s_%d" % (name, len(includes))
                ctx.symlink(flag[2:], link)
                includes.append(link)
            elif flag.startswith("-D"):
                defines.append(flag[2:])
        build += _LIBRARY.format(
            name = name,
            defines = repr(defines),
            includes = repr(includes),
            linkopts = repr(_without_repeats(_flags(ctx, pkg_config, "--libs", modules))),
        )
    for name, flags in ctx.attr.link_flags.items():
        build += _LIBRARY.format(name = name, defines = "[]", includes = "[]", linkopts = repr(flags))
    ctx.file("BUILD.bazel", build)

pkg_config_repository = repository_rule(
    implementation = _pkg_config_repository_impl,
    doc = "One cc_library per entry of `libraries` (pkg-config modules) and `link_flags` (plain linker flags).",
    attrs = {
        "libraries": attr.string_list_dict(doc = "target name -> pkg-config modules"),
        "link_flags": attr.string_list_dict(doc = "target name -> linker flags"),
    },
    configure = True,
    environ = ["PKG_CONFIG_PATH"],
    local = True,
)
