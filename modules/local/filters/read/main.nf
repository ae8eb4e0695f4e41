include { asJson } from '../../../../subworkflows/local/validate/given.nf'

// The motifs of a network's first filters.
process FILTERS_READ {
    tag "${meta.id}"
    label 'process_low'
    ext environment: 'torch', bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/motifs" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.{tsv,meme}'

    input:
    tuple val(meta), val(options), path(model), path(dataset), path(predictions)
    val code

    output:
    tuple val(meta), path("${meta.id}.filters.{tsv,meme}"), emit: motifs
    tuple val(meta), path("${meta.id}.filters.npz")       , emit: sites   // for FILTERS_JUDGE
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    read_filters.py --model ${model} --dataset ${dataset} --predictions ${predictions} \\
        --options options.json --id ${meta.id} --threads ${task.cpus}
    """

    stub:
    """
    touch ${meta.id}.filters.{tsv,meme,npz}
    echo '{}' > versions.json
    """
}
