include { onPage } from '../../../../subworkflows/local/validate/given.nf'

// Fails the run if data sets are in error and --strict is set. It comes after the report, so that everything else is
// published; without errors it is not started.
process REPORT_CHECK {
    label 'process_single'
    errorStrategy 'finish'
    maxRetries 0

    input:
    // faults: [oct4: ['oct4.fa, line 3: ...'], ...]
    tuple path(page), val(faults)

    script:
    def lines = faults.collectMany { id, sentences -> sentences.collectMany { text -> text.readLines() }.collect { line -> onPage("${id}: ${line}") } }
    def told = (["Data sets in error: ${faults.keySet().join(', ')}. The report gives the verdicts of the others; correct these files and run again with -resume."] + lines).join('\n')
    """cat >&2 <<'FAULTS'
${told}
FAULTS
exit 1
"""

    stub:
    """
    echo '${faults.keySet().join(', ')}' >&2
    exit 1
    """
}
