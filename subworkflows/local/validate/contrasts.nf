// --contrast: pairs of data sets, each of which becomes one more data set.

include { readJson; schemaProperties; didYouMean; sentence } from './schema.nf'
include { planOf; settingsOf } from './contrast_plan.nf'
include { ofValues } from './features.nf'

// Plans as readDatasets gives them: [id: 'CTCF_vs_JUND', contrast: ['CTCF', 'JUND'], ...], the sides in the order of their names.
def contrastPlans(List datasets, Map values, Collection broken, List problems) {
    if (values.apply) {
        problems.addAll(values.contrast ? ["--contrast ${values.contrast}: a contrast trains models, but --apply uses those of an earlier run; leave one of them out."] : [])
        return []
    }
    def general = values.contrast && !('contrast' in broken) ? values.contrast.toString().split(',', -1)*.trim() : []
    // A cell of the sheet names the other sides of its own data set.
    def ofCells = datasets.findAll { plan -> plan.settings.contrast }.collectMany { plan -> plan.settings.contrast.toString().split(',', -1).collect { name -> "${plan.id}:${name.trim()}".toString() } }
    def found = []
    (general + ofCells).each { text ->
        def own = []
        def sides = sidesOf(text, datasets, own)
        own.addAll(own ? [] : pairProblems(sides))
        // Files and folders are called so, and tasks may be called anything: CD4+ T (rest).
        def names = own ? [] : sides*.name.sort()
        def id = own ? null : names.collect { name -> name.replaceAll(/[^A-Za-z0-9_-]/, '_') }.join('_vs_')
        own.addAll(id ? clashes(names, id, datasets, found) : [])
        problems.addAll(own.collect { words -> "${text in general ? '--contrast' : 'column contrast, as'} ${text}: ${words}".toString() })
        if (id && !own) {
            found << planOf(id, sides.sort(false) { side -> side.name }, values)
        }
    }
    return found
}

// [ [name: 'D/task', plan: [...], task: 'task' or null], ... ]; what is wrong with their names goes to own.
def sidesOf(String text, List datasets, List own) {
    def names = text.split(':', -1)*.trim()
    if (names.size() != 2 || names.any { name -> !name }) {
        own << "'${text}' is not a pair; write two data sets of the sheet with a colon between them, such as A:B."
        return []
    }
    if (names[0] == names[1]) {
        own << "both sides are ${names[0]}; name two different data sets."
        return []
    }
    return names.collect { name -> sideOf(name, datasets, own) }
}

def sideOf(String name, List datasets, List own) {
    def (id, task) = name.contains('/') ? name.split('/', 2).toList() : [name, null]
    def plan = datasets.find { one -> one.id.toString() == id }
    if (!plan) {
        own << sentence("there is no data set '${id}' in the sheet${didYouMean(datasets*.id*.toString(), id, '')}") + " The data sets are ${datasets*.id.take(10).join(', ')}${datasets.size() > 10 ? ', ...' : ''}."
        return null
    }
    if (!(plan.module in ['peaks', 'sequences', 'smileseq', 'matrix'] + ofValues())) {
        own << "${id} is of the assay ${plan.assay}; a contrast compares data sets of peaks or of sequences, or two tasks of measured values."
        return null
    }
    if (plan.module == 'matrix' && task == null) {
        own << "${id} is a matrix of several tasks; name one, as in ${id}/task."
        return null
    }
    if (plan.module in ofValues() && task == null) {
        own << "${id} holds measured values, which can only be compared between two of its tasks; name two, as in ${id}/task1:${id}/task2."
        return null
    }
    // Those of a matrix are in its file, as those of tables of values.
    def tasks = plan.module in ['matrix'] + ofValues() ? [task] : tasksOf(plan)
    if (task != null && !(task in tasks)) {
        own << sentence("the data set ${id} has no task '${task}'${didYouMean(tasks, task, '')}") + " Its tasks are ${tasks.take(10).join(', ')}${tasks.size() > 10 ? ', ...' : ''}."
        return null
    }
    return [name: name, plan: plan, task: task]
}

// Tasks are called by their label, else by the sample, or like the data set where rows are its parts.
def tasksOf(Map plan) {
    def parts = plan.rows.any { row -> row.split }
    return plan.rows.collect { row -> (row.label ?: (parts ? plan.id : row.sample)).toString() }.unique()
}

// Whether two data sets can be compared, and trained as one.
def pairProblems(List sides) {
    def (a, b) = sides*.plan
    def problems = []
    if (a.id == b.id && sides.any { side -> side.task == null }) {
        return ["${a.id} holds the peaks of its task, so one side is part of the other; name two tasks, as in ${a.id}/task1:${a.id}/task2."]
    }
    def measured = [a, b].unique(false).findAll { plan -> plan.module in ofValues() }
    if (measured && a.id != b.id) {
        return ["${measured[0].id} holds measured values, which can only be compared between two tasks of one data set; name both, as in ${measured[0].id}/task1:${measured[0].id}/task2 (rows that share 'dataset' become tasks of one)."]
    }
    def places = [a, b].collect { plan -> plan.genome?.path?.toUriString() }
    if (a.on_genome && b.on_genome && places[0] != places[1]) {
        problems << "${a.id} uses the genome ${a.genome?.name} and ${b.id} uses ${b.genome?.name}, so peaks in both cannot be found; use one genome."
    }
    def widths = [a, b].collect { plan -> plan.on_genome ? plan.spec.options.width : plan.spec.options.length }
    if (widths.every { width -> width != null } && widths[0] != widths[1]) {
        problems << "${a.id} has windows of ${widths[0]} bp and ${b.id} of ${widths[1]} bp, so their length alone would separate them; set --width (of sequences --length) to one value for both."
    }
    problems.addAll([a, b].unique().findAll { plan -> !('explainn' in plan.models) }.collect { plan -> "models of ${plan.id} is ${plan.models.join(',')}, but a contrast needs the units of explainn; add explainn." })
    // Where cells of the sheet give the two other settings, none of both would be the contrast's.
    def (one, other) = [a, b].every { plan -> 'explainn' in plan.models } ? [a, b].collect { plan -> settingsOf(plan) } : [[:], [:]]
    problems.addAll(one.keySet().findAll { name -> one[name] != other[name] }.sort().collect { name -> "${a.id} and ${b.id} have different values of ${name} in the sheet; make them equal, because the contrast is trained with them." })
    return problems
}

def clashes(List names, String id, List datasets, List found) {
    if (found.any { plan -> plan.spec.rows*.sample == names }) {
        return ['this pair occurs twice (B:A is A:B with the sides exchanged); give it once.']
    }
    def taken = (datasets + found).find { plan -> plan.id.toString().equalsIgnoreCase(id) }
    if (!taken) {
        return []
    }
    def other = taken.contrast ? "the contrast of ${taken.spec.rows*.sample.join(' and ')}; rename a task" : "the data set ${taken.id}; rename that"
    return ["its results would be called ${id}, like those of ${other} in the sheet."]
}
