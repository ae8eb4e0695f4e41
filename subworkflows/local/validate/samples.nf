// Samples with conditions, once the file of their data set was read.

include { didYouMean; sentence } from './schema.nf'

// The state of a data set whose samples are known only now that its file was read: [state: 'ok', reason: '']; text is
// that of its header, empty in a stub run.
def samplesState(Map plan, String text) {
    def header = text ? new groovy.json.JsonSlurper().parseText(text) : [tasks: plan.samples*.task, task_type: 'regression']
    def missing = plan.samples*.task.findAll { name -> !(name in header.tasks) }
    def reasons = missing.collect { name ->
        sentence("conditions of '${plan.id}': the data set has no sample '${name}'${didYouMean(header.tasks, name, '')}") + " Its samples are ${header.tasks.take(10).join(', ')}${header.tasks.size() > 10 ? ', ...' : ''}."
    }
    if (header.task_type != 'regression') {
        reasons = ["conditions of '${plan.id}': the data set holds classes (task_type ${header.task_type}), but conditions are compared by measured values; give counts or signal, or leave its conditions out."]
    }
    return [state: reasons ? 'error' : 'ok', reason: reasons.join('\n')]
}
