include { asJson } from '../../../../subworkflows/local/validate/given.nf'

// DeepLIFT attributions of the best replicate's predictions, and the TF-MoDISco motifs in them.
process ATTRIBUTION_MAKE {
    tag "${meta.id}"
    label 'process_medium'
    ext environment: 'torch', bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/attribution" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.{tsv,meme,npz}'

    input:
    // units: motifs of the best replicate of explainn, or []
    tuple val(meta), val(options), path(model), path(predictions), path(dataset), path(known), path(units, stageAs: 'units/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.{attribution,patterns}.tsv"), emit: tables
    tuple val(meta), path("${meta.id}.patterns.meme")             , emit: patterns
    tuple val(meta), path("${meta.id}.attributions.npz")          , emit: attributions
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    export NUMBA_NUM_THREADS=${task.cpus}
    attribute.py --id ${meta.id} --options options.json --threads ${task.cpus} --dataset ${dataset} --known ${known} \\
        --model ${model} --predictions ${predictions} ${units ? "--units ${units}" : ''}
    """

    stub:
    """
    touch ${meta.id}.{attribution,patterns}.tsv ${meta.id}.patterns.meme ${meta.id}.attributions.npz
    echo '{}' > versions.json
    """
}
