include { asJson } from '../../../../subworkflows/local/validate/given.nf'

// Compares the best motif of a model's units with STREME's best, by the same scanner on the same sequences.
process DISCOVERY_COMPARE {
    tag "${meta.id}"
    label 'process_low'
    ext bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/discovery" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.{tsv,meme}'

    input:
    // files: units, effects and timing of every replicate, the model's evidence, and what STREME left
    tuple val(meta), val(options), path(dataset), path(known), path(files, stageAs: 'inputs/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.discovery*"), emit: compared
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    compare_discovery.py --id ${meta.id} --dataset ${dataset} --known ${known} --files inputs --options options.json
    """

    stub:
    """
    touch ${meta.id}.discovery{,_motifs,_pairs,_timing}.tsv ${meta.id}.discovery.meme
    echo '{}' > versions.json
    """
}
