include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'

process MOTIFS_COLLECT {
    tag "${key.motif_db ? 'own motifs' : ['JASPAR', key.jaspar_release, key.jaspar_taxon].findAll().join(' ')}"
    label 'process_single'

    input:
    // key: [motif_db: name or null, jaspar_release: '2024' or null, jaspar_taxon: 'vertebrates']; motif_db: a file or []
    tuple val(key), path(motif_db, stageAs: 'given/?')
    val code

    output:
    tuple val(key), path('motifs.status.json'), emit: status
    tuple val(key), path('known_motifs.meme'), optional: true, emit: motifs
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def names = motif_db ? [key.motif_db] : []
    """
    ${linkGiven(names)}
    cat > options.json <<'OPTIONS'
    ${asJson(key)}
    OPTIONS
    collect_motifs.py --options options.json ${motif_db ? "--motif-db ${ourNames(names)[0]}" : ''} \\
        --out known_motifs.meme --status motifs.status.json
    """

    stub:
    """
    touch known_motifs.meme
    echo '{"dataset": "motifs", "state": "ok", "reason": "", "advice": ""}' > motifs.status.json
    echo '{}' > versions.json
    """
}
