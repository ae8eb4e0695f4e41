include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'

process MOTIFS_CHOOSE {
    tag "${meta.id}"
    label 'process_single'
    publishDir path: { "${params.outdir}/${meta.dataset}/data" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.initial.{meme,tsv}'

    input:
    tuple val(meta), val(options), path(motifs, stageAs: 'given/?')
    val code

    output:
    tuple val(meta), path("${meta.id}.initial.status.json")     , emit: status
    tuple val(meta), path("${meta.id}.initial.meme"), optional: true, emit: profiles
    tuple val(meta), path("${meta.id}.initial.tsv") , optional: true, emit: table
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def names = [options.initial_motifs]
    """
    ${linkGiven(names)}
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    choose_profiles.py --motifs ${ourNames(names)[0]} --options options.json --id ${meta.id}
    """

    stub:
    """
    touch ${meta.id}.initial.{meme,tsv}
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.initial.status.json
    echo '{}' > versions.json
    """
}
