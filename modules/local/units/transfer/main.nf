process UNITS_TRANSFER {
    tag "${meta.id}"
    label 'process_low'
    ext environment: 'torch', bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    tuple val(meta), val(options), path(model), path(dataset), path(predictions)
    val code

    output:
    tuple val(meta), path("${meta.id}.transfer.tsv"), emit: units
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    interpret_transfer.py --model ${model} --dataset ${dataset} --predictions ${predictions} \\
        --kernel ${options.kernel} --id ${meta.id} --threads ${task.cpus} \\
        ${options.trust_programs ? '--trust-programs' : ''}
    """

    stub:
    """
    touch ${meta.id}.transfer.tsv
    echo '{}' > versions.json
    """
}
