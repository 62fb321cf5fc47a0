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

_STATIC = """
STATIC_LINK_FLAGS = {flags}
STATIC_WHOLE_FLAGS = {whole}
MACHINE = {machine}
"""

def _static_library(ctx, name):
    found = ctx.execute(["gcc", "-print-file-name=lib%s.a" % name]).stdout.strip()
    return found if found.startswith("/") else None

def _static_link(ctx, pkg_config):
    """Flags with which the linker takes what there is as a static library, and shared what is not.

    The linker looks into one -L folder after the other, and within one prefers what is shared; so
    the first folder has the static ones only."""
    modules = []
    for name in ctx.attr.static_libraries:
        modules += ctx.attr.libraries[name]
    names = {}
    for flag in _flags(ctx, pkg_config, "--libs", ["--static"] + modules):
        # Of libc and the compiler: theirs to decide.
        if flag.startswith("-l") and flag not in ["-ldl", "-lrt", "-lpthread", "-lm", "-latomic"]:
            names[flag[2:]] = True
    static = []
    for name in list(names.keys()) + ctx.attr.static_whole:
        path = _static_library(ctx, name)
        if path:
            ctx.symlink(path, "static/lib%s.a" % name)
            static.append(name)
    whole = []
    for name in ctx.attr.static_whole:
        if name in static:
            # Nothing calls it: its constructors do the work.
            whole += ["-Wl,--whole-archive", "-l" + name, "-Wl,--no-whole-archive"]

    # They need each other in every order.
    flags = ["-Lexternal/%s/static" % ctx.name, "-Wl,--start-group"] + ["-l" + name for name in static] + ["-Wl,--end-group"]
    machine = ctx.execute(["uname", "-m"]).stdout.strip()
    ctx.file("static_link.bzl", _STATIC.format(
        flags = repr(flags),
        whole = repr(whole),
        machine = repr(machine),
    ))
    return """
filegroup(
    name = "static_libraries",
    srcs = glob(["static/*.a"], allow_empty = True),
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
    build += _static_link(ctx, pkg_config)
    ctx.file("BUILD.bazel", build)

pkg_config_repository = repository_rule(
    implementation = _pkg_config_repository_impl,
    doc = "One cc_library per entry of `libraries` (pkg-config modules) and `link_flags` (plain linker flags).",
    attrs = {
        "libraries": attr.string_list_dict(doc = "target name -> pkg-config modules"),
        "static_libraries": attr.string_list(doc = "of `libraries`, what the package links statically"),
        "static_whole": attr.string_list(doc = "static libraries that are linked in whole"),
        "link_flags": attr.string_list_dict(doc = "target name -> linker flags"),
    },
    configure = True,
    environ = ["PKG_CONFIG_PATH"],
    local = True,
)
