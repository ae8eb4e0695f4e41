// The binding modes that the units (or filters) of every replicate of a model match.
process MODES_COUNT {
    tag "${meta.id}"
    label 'process_single'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/motifs" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    tuple val(meta), path(tomtom), path(modes)
    val code

    output:
    tuple val(meta), path("${meta.id}.modes.tsv"), emit: found
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    count_modes.py --tomtom ${tomtom} --modes ${modes} --id ${meta.id}
    """

    stub:
    """
    touch ${meta.id}.modes.tsv
    echo '{}' > versions.json
    """
}
