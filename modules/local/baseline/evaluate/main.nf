process BASELINE_EVALUATE {
    tag "${meta.id}"
    label 'process_low'
    ext bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.id}/data" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    tuple val(meta), val(options), path(dataset)
    val code

    output:
    tuple val(meta), path("${meta.id}.baseline.tsv"), emit: metrics
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    baseline.py --dataset ${dataset} --seed ${options.seed} --id ${meta.id}
    """

    stub:
    """
    touch ${meta.id}.baseline.tsv
    echo '{}' > versions.json
    """
}
