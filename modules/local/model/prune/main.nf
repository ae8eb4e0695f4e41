// Writes a model with only the units of the groups of its minimal model.
process MODEL_PRUNE {
    tag "${meta.id}"
    label 'process_low'
    ext bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.pruned.*'

    input:
    // evidence: of the model, among it D.<model>.minimal.tsv and D.<model>.evidence.tsv
    tuple val(meta), path(model), path(dataset), path(outputs), path(evidence)
    val code

    output:
    tuple val(meta), path("${meta.id}.pruned.tsv"), emit: table
    path "${meta.id}.pruned.safetensors", optional: true   // none where no unit is of a chosen group
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    prune.py --model ${model} --dataset ${dataset} --outputs ${outputs} \\
        --minimal *.minimal.tsv --evidence *.evidence.tsv --id ${meta.id}
    """

    stub:
    """
    touch ${meta.id}.pruned.{tsv,safetensors}
    echo '{}' > versions.json
    """
}
