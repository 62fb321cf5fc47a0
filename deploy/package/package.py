"""Spack: spack repo add PREFIX/share/spack, spack install coppice.

Builds from the sources with Bazel, against Spack's libraries by way of pkg-config, so that the
programs fit the libc of the machine that builds."""

import glob
import os

from spack.package import *


class Coppice(Package):
    """A read-only cooperative caching file system for supercomputers: each file is read once from
    the parallel file system, and nodes fetch from each other along a tree."""

    homepage = "https://example.org/coppice"
    # Where your site keeps the sources.
    git = "https://example.org/coppice.git"

    version("main", branch="main")

    depends_on("bazel@4.2:6", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("python@3:", type="build")
    depends_on("abseil-cpp@20220623:20230802 cxxstd=17")
    depends_on("cli11@2.1:")
    depends_on("grpc@1.51: +shared")
    depends_on("isa-l")
    depends_on("libfuse@3.10:")
    depends_on("mimalloc@2:")
    depends_on("nlohmann-json")
    depends_on("protobuf@3.21:")
    depends_on("spdlog@1.10: +shared")
    depends_on("xxhash")

    conflicts("%gcc@:10", msg="C++20 is needed")

    def install(self, spec, prefix):
        bazel = which("bazel")
        bazel("build", "//deploy:package", "--jobs=%d" % make_jobs)
        folder = os.path.join("bazel-bin", "deploy", "package")
        (tarball,) = glob.glob(os.path.join(folder, "coppice-*-linux-*.tar.gz"))
        mkdirp(prefix)
        which("tar")("--extract", "--strip-components=1", "--directory", prefix, "--file", tarball)

    def setup_run_environment(self, env):
        env.set("COPPICE_ROOT", self.prefix)
