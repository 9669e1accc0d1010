# f<<<grid, block, shared, stream>>>(arguments);  ->  CUDA_LAUNCH(grid, block, shared, stream, f(arguments));   (sed -z -E)
s/([A-Za-z_][A-Za-z_0-9:]*(<[^<>;{}()]*>)?)<<<([^;{}]*)>>>\(([^;]*)\);/CUDA_LAUNCH(\3, \1(\4));/g
