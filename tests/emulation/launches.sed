# f<<<grid, block, shared, stream>>>(arguments);  ->  emulation::launch(grid, block, shared, stream, f, arguments);
# (sed -z -E); f may be a template: it is wrapped
s/([A-Za-z_][A-Za-z_0-9:]*(<[^<>;{}()]*>)?)<<<([^;{}]*)>>>\(([^;]*)\);/::fedscape::emulation::launch(\3, [](const auto\&... a) { \1(a...); }, \4);/g
