process MOTIFS_COLLECT {
    tag "${key.motif_db ?: ['JASPAR', key.jaspar_release, key.jaspar_taxon].findAll().join(' ')}"
    label 'process_single'

    input:
    // key: [motif_db: name or null, jaspar_release: '2024' or null, jaspar_taxon: 'vertebrates']; motif_db: a file or []
    tuple val(key), path(motif_db, stageAs: 'input/*')
    val code

    output:
    tuple val(key), path('motifs.status.json'), emit: status
    tuple val(key), path('known_motifs.meme'), optional: true, emit: motifs
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${groovy.json.JsonOutput.toJson(key)}
    OPTIONS
    collect_motifs.py --options options.json ${motif_db ? "--motif-db ${motif_db}" : ''} \\
        --out known_motifs.meme --status motifs.status.json
    """

    stub:
    """
    touch known_motifs.meme
    echo '{"dataset": "motifs", "state": "ok", "reason": "", "advice": ""}' > motifs.status.json
    echo '{}' > versions.json
    """
}
