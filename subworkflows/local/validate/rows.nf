// Single rows of the sheet, and what rows say together: checked without a look into a file.

include { coerceValue; valueProblem; controlProblem; didYouMean; shown; sentence } from './schema.nf'
include { isRelative; fileProblem; locate; aboutNames; resolvePath } from './paths.nf'
include { linesOf } from './places.nf'

// The row with typed cells; empty cells are left out, and so is what is wrong, which broken names.
def checkRow(Map row, Map columns, Collection required, Object sheet, List problems) {
    def place = "${sheet.name}, line ${row.line}"
    def cells = row.cells.findAll { _column, cell -> cell != '' }.collectEntries { column, cell -> [column, coerceValue(columns[column], controlProblem(cell) ? shown(cell) : cell)] }
    required.findAll { column -> !(column in cells.keySet()) }.each { column ->
        problems << "${place}, column ${column}: the cell is empty; ${columns[column].description.uncapitalize()}"
    }
    def broken = []
    cells.each { column, cell ->
        def problem = controlProblem(row.cells[column]) ?: valueProblem(columns[column], cell)
        if (problem) {
            broken << column
        }
        if (!problem && columns[column].format == 'file-path') {
            def genomes = columns[column].known
            problem = fileProblem(locate(cell, sheet.parent, genomes))
            def relative = problem && isRelative(cell) && !genomes?.containsKey(cell) ? ' (paths are relative to the sheet)' : ''
            problem = problem ? problem + relative + aboutNames(cell, sheet.parent, genomes, genomes ? didYouMean(genomes.keySet(), cell, '') : '') : null
        }
        if (problem) {
            problems << sentence("${place}, column ${column}: ${problem}")
        }
    }
    // A name that is wrong still tells rows apart.
    return [line: row.line, dataset: cells.dataset ?: cells.sample, broken: broken] + cells.findAll { column, _cell -> column in ['sample', 'dataset'] || !(column in broken) }
}

// The parts of a data set that its rows name: all or none, and one to train on.
def partProblems(Object id, List rows, Map options, String sheet) {
    def given = rows.findAll { row -> row.split }
    if (!given) {
        return options.split_by == 'given' && !options.split_column ? ["${linesOf(sheet, rows)}, column split: split_by is 'given', but no row of '${id}' has a part; write train, valid or test, or use split_by random."] : []
    }
    def problems = (rows - given).collect { row ->
        "${sheet}, line ${row.line}, column split: the cell is empty, but other rows of '${id}' name their part; write train, valid or test."
    }
    return problems + (given.any { row -> row.split == 'train' } ? [] : ["${linesOf(sheet, given)}, column split: no row of '${id}' is for train; training needs one."])
}

// The cycles of HT-SELEX: one per row, and at least two of them, since a model tells them apart.
def cycleProblems(Object id, List rows, String sheet) {
    def labels = rows*.label.findAll { label -> label }.unique()
    def problems = rows.findAll { row -> !row.label }.collect { row ->
        "${sheet}, line ${row.line}, column label: the cell holds no cycle; write its number there."
    }
    return problems || labels.size() > 1 ? problems : ["${linesOf(sheet, rows)}, column label: all rows of '${id}' are cycle ${labels[0]}, but a model distinguishes cycles; add the rows of other cycles, with the same dataset."]
}

// Names that would overwrite one another's files.
def checkNames(List rows, String sheet, List problems) {
    rows.findAll { row -> row.sample }.groupBy { row -> row.sample.toString().toLowerCase() }.findAll { _name, same -> same.size() > 1 }.each { _name, same ->
        problems << "${sheet}, lines ${same*.line.join(' and ')}, column sample: '${same[0].sample}' occurs ${same.size()} times; every sample needs its own name."
    }
    rows.groupBy { row -> row.dataset?.toString()?.toLowerCase() }.each { _name, same ->
        if (same*.dataset.unique(false).size() > 1) {
            problems << "${sheet}, lines ${same*.line.join(' and ')}, column dataset: ${same*.dataset.unique(false).join(' and ')} differ only in upper and lower case; write them alike or choose another name."
        }
    }
    rows.each { row ->
        if (row.dataset in ['tables', 'pipeline_info']) {
            problems << "${sheet}, line ${row.line}: '${row.dataset}' is a folder of the results; choose another name for the data set."
        }
        if (row.sample in ['name', 'sequence', 'split']) {
            problems << "${sheet}, line ${row.line}: '${row.sample}' is a column of the data sets; choose another name for the sample."
        }
    }
}

// What a row, or the parameter that stands in for its empty cell, asks for as negatives and cannot have. folder is the
// sheet's where the cell says it; rows is the number of those from which others would be taken, itself among them.
def negativesProblems(Object wanted, Object isFile, Object folder, Map options, Map assay, int rows, String place) {
    if (!wanted) {
        return []
    }
    def at = "${place}, column negatives"
    if (!assay.negatives) {
        return ["${at}: the assay ${options.assay} has no negatives; leave the cell empty."]
    }
    def problems = []
    def possible = (assay.negatives - ['file'] + ('file' in assay.negatives ? ['a file'] : [])).join(', ')
    if (!((isFile ? 'file' : wanted) in assay.negatives)) {
        problems << "${at}: '${wanted}' cannot be used for the assay ${options.assay}; choose one of ${possible}."
    }
    def missing = isFile ? fileProblem(resolvePath(wanted, folder)) : null
    if (missing) {
        problems << sentence("${at}: ${missing}; choose one of ${possible}")
    }
    if (wanted == 'others' && rows < 2) {
        problems << "${at}: 'others' needs other rows of the assay ${options.assay} in the sheet; add some or choose one of ${possible}."
    }
    return problems
}
