// Tests pairs of a model's motifs for interactions (more or less effect than the sum), with all replicates.
process INTERACTIONS_FIND {
    tag "${meta.id}"
    label 'process_low'
    ext bytes: { [files].flatten().sum { file -> file.size() } }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.interactions*'

    input:
    // files: the outputs of all replicates, D.<model>.evidence.tsv, and the data set
    tuple val(meta), path(files)
    val code

    output:
    tuple val(meta), path("${meta.id}.{interactions,interactions_spacing}.tsv"), emit: tables
    path "${meta.id}.r*.interactions.json", optional: true   // none where no pair is supported
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    interactions.py --outputs *.outputs.npz --dataset ${meta.dataset}.dataset.parquet \\
        --evidence ${meta.id}.evidence.tsv --id ${meta.id}
    """

    stub:
    """
    touch ${meta.id}.{interactions,interactions_spacing}.tsv
    echo '{}' > versions.json
    """
}
