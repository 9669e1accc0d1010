# What every job script sources. On a cluster load here the modules that a login shell would, for example:
#   module load gcc/12 openmpi hdf5/parallel boost onednn
# FEDSCAPE names the build to run; one with the cuda preset uses the GPUs of a node, one rank each.
FEDSCAPE=${FEDSCAPE:-build/fedscape}
export OMP_NUM_THREADS=1 # fedscape brings its own threads
