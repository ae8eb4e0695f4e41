include { asJson } from '../../../../subworkflows/local/validate/given.nf'

// UMAP of the well-predicted sequences by the outputs of the units of the best replicate.
process UNITS_MAP {
    tag "${meta.id}"
    label 'process_low'
    ext environment: 'torch', bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    tuple val(meta), val(options), path(model), path(dataset), path(predictions)
    val code

    output:
    tuple val(meta), path("${meta.id}.umap.tsv"), emit: map
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    map_units.py --id ${meta.id} --options options.json --threads ${task.cpus} --dataset ${dataset} \\
        --model ${model} --predictions ${predictions}
    """

    stub:
    """
    touch ${meta.id}.umap.tsv
    echo '{}' > versions.json
    """
}
