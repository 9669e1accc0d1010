/// Linked into sanitizer builds: Open MPI's plugins stay mapped, so that what they leak can be told from what we leak.
extern "C" int dlclose(void*) { return 0; }
