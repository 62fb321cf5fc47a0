"""cc_proto: a C++ library of messages, and of gRPC services, from one .proto file."""

def cc_proto(name, src, deps = [], grpc = False, visibility = None):
    """Generates with the system's protoc.

    Args:
      name: the target; by habit the file's name with `_proto` for its ending.
      src: the .proto file, in this package.
      deps: other cc_proto targets whose files are imported.
      grpc: whether the file has services.
      visibility: as usual.
    """
    stem = src[:-len(".proto")]
    outs = [stem + ".pb.h", stem + ".pb.cc"]
    plugin = ""
    if grpc:
        outs += [stem + ".grpc.pb.h", stem + ".grpc.pb.cc"]
        plugin = "--plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin --grpc_out=$(GENDIR) "
    native.genrule(
        name = name + "_generated",
        srcs = [src] + [dep + "_source" for dep in deps],
        outs = outs,
        cmd = "/usr/bin/protoc -I. --cpp_out=$(GENDIR) " + plugin + "$(location %s)" % src,
    )
    native.filegroup(name = name + "_source", srcs = [src], visibility = visibility)
    native.cc_library(
        name = name,
        srcs = [out for out in outs if out.endswith(".cc")],
        hdrs = [out for out in outs if out.endswith(".h")],
        copts = ["-Wno-error", "-w"],  # generated code is not ours to mend
        deps = deps + ["@system//:protobuf"] + (["@system//:grpc"] if grpc else []),
        visibility = visibility,
    )
