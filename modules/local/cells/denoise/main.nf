include { imageIn } from '../../../../subworkflows/local/validate/environment.nf'
include { asJson; filesOf; linkGiven } from '../../../../subworkflows/local/validate/given.nf'

// Single cells denoised with PeakVI, in the image of scvi-tools, and averaged over their clusters.
process CELLS_DENOISE {
    tag "${meta.id}"
    label 'process_high'
    label 'process_gpu'
    container { imageIn(params.image_registry, params.peakvi_container) }
    publishDir path: { "${params.outdir}/${meta.id}/data" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.peakvi.tsv'

    input:
    // spec, names: as of the preparation; options: [peakvi_latent: 21, ...]
    tuple val(meta), val(spec), val(names), path(files, stageAs: 'given/?'), val(options)
    val code

    output:
    tuple val(meta), path("${meta.id}.denoise.status.json"), emit: status
    tuple val(meta), path("${meta.id}.denoised.npz"), emit: means  , optional: true
    tuple val(meta), path("${meta.id}.peakvi.tsv")  , emit: history, optional: true
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    ${linkGiven(names)}
    cat > spec.json <<'SPEC'
    ${asJson(spec + [files: filesOf(names), genome: null])}
    SPEC
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    denoise_cells.py --spec spec.json --options options.json --threads ${task.cpus}
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.denoise.status.json
    touch ${meta.id}.denoised.npz ${meta.id}.peakvi.tsv
    echo '{}' > versions.json
    """
}
