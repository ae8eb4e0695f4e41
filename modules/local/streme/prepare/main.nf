// Writes the training sequences of a data set as FASTA: a pair of files per task and fold.
process STREME_PREPARE {
    tag "${meta.id}"
    label 'process_single'

    input:
    tuple val(meta), path(dataset)
    val code

    output:
    tuple val(meta), path("${meta.id}.task*.fa"), optional: true, emit: sequences
    tuple val(meta), path("${meta.id}.streme_tasks.tsv")        , emit: tasks
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    streme_sequences.py --dataset ${dataset} --id ${meta.id}
    """

    stub:
    """
    touch ${meta.id}.task1.{positives,negatives}.fa ${meta.id}.streme_tasks.tsv
    echo '{}' > versions.json
    """
}
