process REPORT_COLLECT {
    label 'process_low'
    publishDir path: { params.outdir }, mode: params.publish_dir_mode, pattern: '{tables,pipeline_info}/*'

    input:
    // settings: [params: [...], versions: [...], best: ['oct4.explainn': 2], faults: [oct4: ['...']]]; no name, time or command line of the run, or this would never be cached
    val settings
    path files, stageAs: 'inputs/*'
    val code

    output:
    path '*_mqc{.,_versions.}*', emit: multiqc
    path 'tables/*', emit: tables
    path 'pipeline_info/*', emit: info

    script:
    """
    mkdir -p pipeline_info inputs   # nothing is staged where every data set ended early
    cat > pipeline_info/params.json <<'PARAMS'
    ${groovy.json.JsonOutput.toJson(settings.params)}
    PARAMS
    cat > pipeline_info/versions.yml <<'VERSIONS'
    ${groovy.json.JsonOutput.toJson(settings.versions)}
    VERSIONS
    cat > best.json <<'BEST'
    ${groovy.json.JsonOutput.toJson(settings.best)}
    BEST
    cat > faults.json <<'FAULTS'
    ${groovy.json.JsonOutput.toJson(settings.faults)}
    FAULTS
    report.py --inputs inputs --params pipeline_info/params.json --versions pipeline_info/versions.yml \\
        --best best.json --faults faults.json --out .
    mv methods.html pipeline_info/
    """

    stub:
    """
    mkdir tables pipeline_info
    touch summary_mqc.tsv tables/summary.tsv pipeline_info/{params.json,versions.yml,methods.html}
    """
}
