include { asJson } from '../../../../subworkflows/local/validate/given.nf'

process REPORT_COLLECT {
    label 'process_low'
    publishDir path: { params.outdir }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '{tables/*,pipeline_info/*,overview.html}'
    publishDir path: { params.outdir }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: 'cards/**', saveAs: { name -> name - 'cards/' }

    input:
    // settings: [params: [...], versions: [...], best: ['oct4.explainn': 2], faults: [oct4: ['...']]]; no name, time or command line of the run, or this would never be cached
    val settings
    path files, stageAs: 'inputs/*'
    val code

    output:
    path '*_mqc{.,_versions.}*', emit: multiqc
    path 'tables/*', emit: tables
    path 'pipeline_info/*', emit: info
    path 'overview.html', optional: true, emit: overview   // of more than ten data sets
    path 'pages/*', type: 'dir', optional: true, emit: pages   // of these, a folder each
    path 'cards/*/*/*.md', optional: true, emit: cards   // none where nothing was trained, or models of an earlier run are asked

    script:
    """
    mkdir -p pipeline_info inputs   # nothing is staged where every data set ended early
    cat > pipeline_info/params.json <<'PARAMS'
    ${asJson(settings.params)}
    PARAMS
    cat > pipeline_info/versions.yml <<'VERSIONS'
    ${asJson(settings.versions)}
    VERSIONS
    cat > best.json <<'BEST'
    ${asJson(settings.best)}
    BEST
    cat > faults.json <<'FAULTS'
    ${asJson(settings.faults)}
    FAULTS
    report.py --inputs inputs --params pipeline_info/params.json --versions pipeline_info/versions.yml \\
        --best best.json --faults faults.json --out .
    mv methods.html pipeline_info/
    """

    stub:
    """
    mkdir -p tables pipeline_info
    touch summary_mqc.tsv tables/summary.tsv pipeline_info/{params.json,versions.yml,methods.html}
    """
}
