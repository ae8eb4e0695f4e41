#!/bin/sh
# Put the images of this checkout into a registry, where `docker login` has been done. Once on a machine of each kind,
#     containers/publish.sh push REGISTRY ARCH        REGISTRY/nf-explainn:TAG-ARCH, and -torch; ARCH: amd64 or arm64
# builds what the machine's Docker lacks; then, on any of them,
#     containers/publish.sh join REGISTRY ARCH ...    REGISTRY/nf-explainn:TAG for all these
# (needs docker buildx). TAG is the digest that nextflow.config names, so a run takes these with --image_registry
# REGISTRY, and by itself those in ghcr.io/nf-explainn. .github/workflows/images.yml does the same on a release.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
if [ $# -lt 3 ]; then
    echo "publish.sh push REGISTRY ARCH, or join REGISTRY ARCH ..." >&2
    exit 1
fi
what=$1
# names of images have small letters alone, names of owners on GitHub others as well
registry=$(printf '%s' "$2" | tr '[:upper:]' '[:lower:]')
shift 2
for which in core torch; do
    ours=$(python3 "$here/tag.py" "$which")
    name=$registry/${ours##*/}
    case $what in
        push)
            "$here/startup/start.sh" image "$which" docker
            docker tag "$ours" "$name-$1"
            docker push "$name-$1"
            ;;
        join)
            sources=
            for arch in "$@"; do sources="$sources $name-$arch"; done
            # shellcheck disable=SC2086  # words
            docker buildx imagetools create --tag "$name" $sources
            ;;
        *)
            echo "publish.sh: '$what' is neither push nor join" >&2
            exit 1
            ;;
    esac
done
