process MODEL_EVALUATE {
    tag "${meta.id}"
    label 'process_medium'
    label 'process_gpu'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode

    input:
    tuple val(meta), val(options), path(model), path(dataset)
    val code

    output:
    tuple val(meta), path("${meta.id}.predictions.parquet"), emit: predictions
    tuple val(meta), path("${meta.id}.metrics.tsv")        , emit: metrics
    tuple val("${task.process}"), val('scikit-learn'), eval("python3 -c 'import importlib.metadata as m; print(m.version(\"scikit-learn\"))'"), topic: versions

    script:
    """
    evaluate.py --model ${model} --dataset ${dataset} \\
        --device ${options.device} --kernel ${options.kernel} --id ${meta.id} --threads ${task.cpus}
    """

    stub:
    """
    touch ${meta.id}.predictions.parquet ${meta.id}.metrics.tsv
    """
}
