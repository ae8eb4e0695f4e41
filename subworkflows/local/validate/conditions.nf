// The conditions of an experiment's samples: from the sheet, where a row is a sample, or from a table, where a column is.

include { didYouMean; sentence; controlProblem } from './schema.nf'
include { linesOf } from './places.nf'
include { measuresValues } from './features.nf'

// [ [task: 'treated_1', condition: 'treated', replicate: '1'], ... ] of a data set, or []. rows are those of the sheet;
// table is [name: 'conditions.tsv', rows: [ [line: 2, cells: [sample: ..., ...]], ... ]] of what the parameter names, or null.
def samplesOf(Object id, List rows, Map table, Map options, Map assay, String sheet, List problems) {
    def ofRows = rows.findAll { row -> row.condition || row.replicate }
    def broken = rows.any { row -> row.broken.any { name -> name in ['condition', 'replicate', 'label', 'sample'] } }
    if (!ofRows && !table) {
        // A general --reference_condition is for the data sets that have conditions.
        problems.addAll(rows.any { row -> row.reference_condition } && !broken ? ["${linesOf(sheet, rows)}: reference_condition is '${options.reference_condition}', but no sample of '${id}' has a condition; add the columns condition and replicate, or --conditions."] : [])
        return []
    }
    def own = assayProblems(id, rows, options, assay, sheet)
    if (ofRows && table) {
        own << "${linesOf(sheet, ofRows)}, column condition: ${table.name} gives the conditions of '${id}', too; give them in one place."
    }
    def samples = table ? ofTable(table, own) : ofSheet(id, rows, ofRows, sheet, own)
    problems.addAll(own)
    problems.addAll(own || broken ? [] : designProblems(samples, options, "conditions of '${id}'"))
    return own ? [] : samples.sort(false) { one -> one.task }.collect { one -> one.subMap(['task', 'condition', 'replicate']) }
}

// Data sets that hold nothing to compare, or cannot be asked.
def assayProblems(Object id, List rows, Map options, Map assay, String sheet) {
    def at = linesOf(sheet, rows)
    def problems = []
    if (!measuresValues(assay)) {
        // a general --conditions is for every row, and a cell cannot take it back
        def wayOut = rows.any { row -> row.condition || row.replicate || row.conditions } ? 'leave its conditions out' : 'give --conditions as the column conditions, in the rows that it is for'
        problems << "${at}: '${id}' is of the assay ${options.assay}, but conditions are compared by measured values, which it does not have; give the signal of each sample (assay accessibility), or ${wayOut}."
    }
    if (!('explainn' in options.models.tokenize(','))) {
        problems << "${at}: conditions are compared by the motifs of explainn, but models is ${options.models}; add explainn, or leave the conditions out."
    }
    if (options.apply) {
        problems << "${at}: conditions are compared in the run that trains, but --apply uses the models of an earlier one; leave one of them out."
    }
    return problems
}

// Rows of the sheet are samples: all with both cells, and each a file of its own.
def ofSheet(Object id, List rows, List given, String sheet, List problems) {
    def at = { row, column -> "${sheet}, line ${row.line}, column ${column}" }
    if (rows.size() == 1) {
        problems << "${at.call(rows[0], 'condition')}: '${id}' has only this row, but each row is one sample; give each sample a row with the same dataset, or, where they are columns of its file, name them in a table (--conditions)."
    }
    rows.findAll { row -> row.split }.take(1).each { row ->
        problems << "${at.call(row, 'condition')}: the rows of '${id}' are parts of a split (column split), not samples; name its samples in a table (--conditions)."
    }
    rows.findAll { row -> !row.condition }.each { row ->
        problems << "${at.call(row, 'condition')}: the cell is empty, but ${row.replicate ? "the row has the replicate ${row.replicate}" : "other rows of '${id}' have a condition"}; write one in each of its rows."
    }
    given.findAll { row -> row.condition && !row.replicate }.each { row ->
        problems << "${at.call(row, 'replicate')}: the cell is empty, but the row has the condition ${row.condition}; write its replicate, such as 1."
    }
    return rows.collect { row -> [task: (row.label ?: row.sample).toString(), condition: row.condition?.toString(), replicate: row.replicate?.toString(), place: "${sheet}, line ${row.line}".toString()] }
}

// Lines of a table are samples, which are columns of the data set's file.
def ofTable(Map table, List problems) {
    table.rows.each { row ->
        ['sample', 'condition', 'replicate'].each { column ->
            def problem = controlProblem(row.cells[column]) ?: (row.cells[column] ? null : 'the cell is empty; write the name of a column of the data, its condition and its replicate in every line')
            problems.addAll(problem ? [sentence("${table.name}, line ${row.line}, column ${column}: ${problem}")] : [])
        }
    }
    table.rows.findAll { row -> row.cells.sample }.groupBy { row -> row.cells.sample }.findAll { _name, same -> same.size() > 1 }.each { name, same ->
        problems << "${table.name}, lines ${same*.line.join(' and ')}, column sample: '${name}' occurs ${same.size()} times; give every sample one line."
    }
    return table.rows.collect { row -> [task: row.cells.sample, condition: row.cells.condition, replicate: row.cells.replicate, place: "${table.name}, line ${row.line}".toString()] }
}

// What cannot be tested, reported for all conditions at once.
def designProblems(List samples, Map options, String what) {
    def problems = []
    def byCondition = samples.groupBy { one -> one.condition }
    byCondition.each { condition, members ->
        members.groupBy { one -> one.replicate }.findAll { _replicate, same -> same.size() > 1 }.each { replicate, same ->
            problems << "${same*.place.join(' and ')}: ${condition} has the replicate '${replicate}' ${same.size()} times; a sample is one biological replicate: merge its technical replicates, or number them separately."
        }
    }
    byCondition.keySet().groupBy { condition -> condition.toLowerCase() }.findAll { _name, same -> same.size() > 1 }.each { _name, same ->
        problems << "${what}: ${same.join(' and ')} differ only in upper and lower case; write them alike, or choose another name."
    }
    if (byCondition.size() == 1) {
        problems << "${what}: all samples are of '${samples[0].condition}', so there is nothing to compare; give samples of a second condition."
    }
    else {
        byCondition.findAll { _condition, members -> members.size() < 2 }.each { condition, members ->
            problems << "${members[0].place}: the condition '${condition}' has only this sample, but a test needs at least two samples per condition to estimate their variance; add replicates, or leave the condition out."
        }
    }
    def reference = options.reference_condition
    if (reference && !byCondition.containsKey(reference)) {
        problems << sentence("${what}: the reference_condition '${reference}' is not one of them${didYouMean(byCondition.keySet(), reference, '')}") + " They are ${byCondition.keySet().sort().join(', ')}."
    }
    return problems
}
