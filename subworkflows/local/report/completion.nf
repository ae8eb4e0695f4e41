// The message at the end of a run: on the screen and, if requested, by e-mail and to a web hook. It never fails a run.

include { verdictLines; errorLines } from './verdicts.nf'

def tellCompletion(email, emailOnFail, hook) {
    if (workflow.preview) {
        return   // nothing has run
    }
    def lines = workflow.success ? ["Report      : ${params.outdir}/multiqc_report.html"] + verdictLines() + [taskLine()] : []
    if (lines) {
        log.info(lines.join('\n'))
        errorLines().each { line -> log.warn(line) }
    }
    def subject = "${workflow.manifest.name}: run ${workflow.runName} ${workflow.success ? 'completed' : 'failed'}"
    def told = lines + (workflow.success ? errorLines() : failureLines())
    def addresses = [email, workflow.success ? null : emailOnFail].findAll { address -> address }.unique().join(',')
    if (addresses) {
        attempt("no e-mail could be sent to ${addresses}", 'check that `sendmail` is on PATH, or set mail.smtp in a configuration', hook) {
            // By its type: Nextflow takes a traceback's <module> for HTML.
            sendMail(to: addresses, subject: subject, type: 'text/plain', body: (told + ['', "Started as  : ${without(workflow.commandLine, hook)}", "In          : ${workflow.launchDir}"]).join('\n'))
        }
    }
    if (hook) {
        attempt('the web hook could not be notified', 'check that --hook_url answers from this machine', hook) { post(hook, ([subject] + told).join('\n')) }
    }
}

def taskLine() {
    def stats = workflow.stats
    return "Tasks       : ${stats.succeedCount + stats.cachedCount} (${stats.cachedCount} cached), in ${workflow.duration}"
}

// The error as shown on the screen, without the script of the task.
def failureLines() {
    def report = (workflow.errorReport ?: workflow.errorMessage ?: 'The reason is in .nextflow.log.').readLines()
    def script = report.findIndexOf { line -> line.startsWith('Command executed') }
    def behind = report.findIndexOf { line -> line.startsWith('Command exit status') }
    def shown = script < 0 || behind < script ? report : report.take(script) + report.drop(behind)
    return ["Error       : ${workflow.errorMessage ?: report[0]}"] + shown.findAll { line -> line }.take(20)
}

def attempt(String what, String wayOut, hook, Closure action) {
    try {
        action.call()
    }
    catch (Exception error) {
        log.warn("${what} (${without(error.message ?: error.class.simpleName, hook)}): ${wayOut}.")
    }
}

// A text without the hook's address, which is a secret.
def without(text, hook) {
    return hook ? text.toString().replace(hook.toString(), '(the hook)') : text
}

// As Slack, Teams and Mattermost take it; an answer is waited for 10 s.
def post(hook, String text) {
    def connection = new URI(hook.toString()).toURL().openConnection()
    connection.setConnectTimeout(10000)
    connection.setReadTimeout(10000)
    connection.setRequestMethod('POST')
    connection.setRequestProperty('Content-Type', 'application/json')
    connection.setDoOutput(true)
    connection.outputStream.withCloseable { stream -> stream.write(groovy.json.JsonOutput.toJson([text: text]).getBytes('UTF-8')) }
    if (connection.responseCode >= 300) {
        throw new IOException("it answers ${connection.responseCode}")
    }
}
