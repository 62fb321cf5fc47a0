// A shared library to be loaded through a mount.
extern "C" int CoppicePluginAnswer() { return 42; }
