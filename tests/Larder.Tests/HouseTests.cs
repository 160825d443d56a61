using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Larder.Tests;

/// <summary>The rules of the house that no compiler holds. Each failure names the file and the line.</summary>
public sealed partial class HouseTests
{
    private static readonly Dictionary<string, string[]> ProjectArrows = new()
    {
        ["Larder.Repository"] = [],
        ["Larder.Sources"] = [],
        ["Larder.Engine"] = ["Larder.Repository", "Larder.Sources"],
        ["Larder"] = ["Larder.Engine", "Larder.Repository", "Larder.Sources"],
    };

    // Who may see whom. The root namespace of a project holds the words that all its folders share.
    private static readonly Dictionary<string, string[]> RepositoryArrows = new()
    {
        ["Native"] = [],
        ["Crypto"] = ["Native"],
        ["Chunking"] = ["Crypto", "Native"],
        ["Storage"] = ["Native"],
        ["Index"] = ["Crypto", "Native"],
        ["Packs"] = ["Crypto", "Index", "Native", "Storage"],
        ["Snapshots"] = ["Crypto", "Index", "Native", "Packs", "Storage"],
        ["Reading"] = ["Crypto", "Index", "Native", "Packs", "Snapshots", "Storage"],
        ["Writing"] = ["Chunking", "Crypto", "Index", "Native", "Packs", "Snapshots", "Storage"],
        ["Maintenance"] = ["Chunking", "Crypto", "Index", "Native", "Packs", "Reading", "Snapshots", "Storage", "Writing"],
    };

    private static readonly Dictionary<string, string[]> SourcesArrows = new()
    {
        ["Native"] = [],
        ["Dumps"] = ["Exchanges"],
        ["Exchanges"] = ["Native"],
        ["Tools"] = ["Native"],
        ["Command"] = ["Native", "Tools"],
        ["Files"] = ["Exchanges", "Native", "Tools"],
        ["Sqlite"] = ["Exchanges", "Native", "Tools"],
        ["PostgreSql"] = ["Dumps", "Exchanges", "Native", "Tools"],
        ["MongoDb"] = ["Dumps", "Exchanges", "Native", "Tools"],
        ["MySql"] = ["Dumps", "Exchanges", "Native", "Tools"],
        ["Throwaway"] = ["Dumps", "Exchanges", "MongoDb", "MySql", "Native", "PostgreSql", "Tools"],
    };

    // From what a rule or a setting is, over what a backup is, to what is done with it. A folder sees only those above it in this list.
    private static readonly Dictionary<string, string[]> EngineArrows = new()
    {
        ["Retention"] = [],
        ["Configuration"] = ["Retention"],
        ["Errors"] = ["Configuration"],
        ["Catalog"] = ["Errors"],
        ["Access"] = ["Catalog", "Errors"],
        ["Repositories"] = ["Configuration", "Errors"],
        ["Servers"] = ["Configuration", "Errors"],
        ["Backups"] = ["Configuration", "Errors", "Repositories", "Retention"],
        ["Sync"] = ["Backups", "Catalog", "Configuration", "Errors", "Servers"],
        ["BackingUp"] = ["Backups", "Catalog", "Configuration", "Errors", "Repositories", "Servers", "Sync"],
        ["Schedule"] = ["BackingUp", "Catalog", "Configuration", "Errors"],
        ["Browse"] = ["Backups", "Configuration", "Errors", "Repositories"],
        ["Maintenance"] = ["Backups", "Catalog", "Configuration", "Errors", "Repositories"],
        ["Cleanup"] = ["Backups", "Catalog", "Configuration", "Errors", "Maintenance", "Repositories", "Restore", "Retention"],
        ["Verify"] = ["Backups", "Catalog", "Cleanup", "Configuration", "Errors", "Maintenance", "Repositories", "Servers"],
        ["Restore"] = ["BackingUp", "Backups", "Browse", "Catalog", "Configuration", "Errors", "Maintenance", "Repositories", "Servers"],
        ["Export"] = ["Backups", "Browse", "Catalog", "Configuration", "Errors", "Repositories", "Restore", "Servers"],
        ["Drills"] =
        [
            "Backups", "Browse", "Catalog", "Cleanup", "Configuration", "Errors", "Maintenance", "Repositories", "Restore", "Servers",
        ],
        ["Doctor"] =
        [
            "Backups", "Catalog", "Configuration", "Drills", "Errors", "Maintenance", "Repositories", "Restore", "Servers",
        ],
        ["SelfTests"] =
        [
            "BackingUp", "Backups", "Browse", "Catalog", "Cleanup", "Configuration", "Doctor", "Errors", "Maintenance", "Repositories", "Restore", "Retention",
            "Schedule", "Servers", "Verify",
        ],
        ["Reports"] = ["Backups", "Catalog", "Configuration", "Drills", "Errors", "Maintenance", "Restore", "Verify"],
        ["Monitoring"] = ["Backups", "Catalog", "Configuration", "Errors", "Maintenance", "Reports", "Schedule", "Verify"],
    };

    // Three faces of one program: what they share lives below them.
    private static readonly Dictionary<string, string[]> ExecutableBans = new()
    {
        ["Daemon"] = ["Cli", "Systemd"],
        ["Systemd"] = ["Cli", "Daemon"],
        ["Cli"] = ["Api", "Web"],
        ["Api"] = ["Cli", "Web"],
        ["Web"] = ["Cli", "Api"],
    };

    [Fact]
    public void Project_references_point_down_only()
    {
        foreach (var (project, allowed) in ProjectArrows)
        {
            var path = Path.Combine(House.Root, "src", project, $"{project}.csproj");
            var references = XDocument.Load(path).Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
            NothingFound(references.Except(allowed).Select(reference => $"{project} must not reference {reference}"));
        }

        var known = Directory.GetFiles(Path.Combine(House.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(Path.GetFileNameWithoutExtension);
        Assert.Equal(ProjectArrows.Keys.Order(), known.Order());
    }

    [Fact]
    public void Nothing_that_is_shipped_refers_to_tests_or_benchmarks()
    {
        NothingFound(House.CodeIn("src").SelectMany(file => file.Findings(TestNamespace())));
    }

    [Fact]
    public void Folders_of_the_repository_library_see_only_what_is_below_them() => AssertArrows("Larder.Repository", RepositoryArrows);

    [Fact]
    public void Adapters_do_not_see_each_other() => AssertArrows("Larder.Sources", SourcesArrows);

    [Fact]
    public void Folders_of_the_engine_see_only_what_stands_above_them() => AssertArrows("Larder.Engine", EngineArrows);

    [Fact]
    public void Command_line_interface_and_page_do_not_see_each_other()
    {
        var folders = ExecutableBans.Keys.ToArray();
        NothingFound(
            from file in House.CodeIn("src/Larder")
            let folder = FolderOf(file, "Larder")
            where ExecutableBans.ContainsKey(folder)
            from finding in Uses(file, "Larder", folders)
            where ExecutableBans[folder].Contains(finding.Folder)
            select finding.Where);
    }

    [Fact]
    public void A_namespace_is_the_folder_that_the_file_lies_in()
    {
        NothingFound(
            from file in House.CodeIn("src")
            let declared = NamespaceLine().Match(file.Code)
            where declared.Success && declared.Groups[1].Value != NamespaceOf(file)
            select $"{file.Path} declares {declared.Groups[1].Value}, its folder says {NamespaceOf(file)}");
    }

    [Fact]
    public void No_arrow_is_hidden_in_a_global_using()
    {
        NothingFound(House.CodeIn("src").SelectMany(file => file.Findings(GlobalUsing())));
        NothingFound(House.Files.Where(file => file.Path.StartsWith("src/", StringComparison.Ordinal)
            && file.Path.EndsWith(".csproj", StringComparison.Ordinal)).SelectMany(file => file.Findings(ProjectUsing(), inCode: false)));
    }

    [Fact]
    public void Nothing_is_left_for_later_in_a_comment()
    {
        // Put together here, so that this file does not find itself.
        var words = new Regex($@"\b({"TO" + "DO"}|{"FIX" + "ME"}|{"HA" + "CK"})\b");
        NothingFound(House.Files.SelectMany(file => file.Findings(words, inCode: false)));
    }

    [Fact]
    public void Nobody_sleeps()
    {
        NothingFound(House.Code.SelectMany(file => file.Findings(ThreadSleep())));
    }

    [Fact]
    public void Warnings_are_silenced_in_the_editorconfig_and_not_in_the_code()
    {
        NothingFound(House.CodeIn("src").SelectMany(file => file.Findings(PragmaDisable())));
    }

    [Fact]
    public void Files_are_small_enough_to_be_read_whole()
    {
        NothingFound(House.CodeIn("src").Where(file => file.Lines.Length > 401).Select(file => $"{file.Path} has {file.Lines.Length} lines; 400 are enough"));
    }

    [Theory]
    [InlineData("src", 140)]
    [InlineData("bench", 140)]
    [InlineData("tests", 200)] // Expected texts stand in them as they are.
    public void No_line_runs_out_of_sight(string folder, int charactersMax)
    {
        NothingFound(
            from file in House.CodeIn(folder)
            from line in file.Lines.Index()
            where line.Item.Length > charactersMax
            select $"{file.Path}:{line.Index + 1} has {line.Item.Length} characters");
    }

    [Fact]
    public void Every_folder_opens_with_a_page_or_is_named_on_its_parents()
    {
        var pages = House.Files.Where(file => Path.GetFileName(file.Path) == "README.md").ToDictionary(file => FolderPath(file.Path));
        NothingFound(
            from folder in House.CodeIn("src").Select(file => FolderPath(file.Path)).Distinct().Order()
            where !pages.ContainsKey(folder)
                && !(pages.TryGetValue(FolderPath(folder), out var parent)
                    && parent.Text.Contains($"{Path.GetFileName(folder)}/", StringComparison.Ordinal))
            select $"{folder} has no README.md, and the one above it does not name {Path.GetFileName(folder)}/");
    }

    [Fact]
    public void A_page_of_a_folder_names_only_types_files_and_folders_that_are_there()
    {
        var types = House.CodeIn("src", "tests").SelectMany(file => TypeDeclaration().Matches(file.Code))
            .Select(match => match.Groups[1].Value).ToHashSet();
        NothingFound(
            from page in House.Files
            where page.Path.StartsWith("src/", StringComparison.Ordinal) && page.Path.EndsWith("README.md", StringComparison.Ordinal)
            from row in TableRow().Matches(page.Text)
            from name in CodeName().Matches(row.Groups[1].Value).Select(match => match.Groups[1].Value)
            let there = name.EndsWith('/')
                ? Directory.Exists(Path.Combine(House.Root, FolderPath(page.Path), name)) || RepositoryLayout.Contains(name)
                : types.Contains(name) || File.Exists(Path.Combine(House.Root, FolderPath(page.Path), $"{name}.cs"))
            where !there
            select $"{page.Path} names {name}, which is not there");
    }

    // Folders of a repository, not of this tree.
    private static readonly string[] RepositoryLayout = ["keys/", "data/", "index/", "snapshots/", "locks/"];

    [Fact]
    public void A_comment_says_something_or_is_not_there()
    {
        NothingFound(House.CodeIn("src").SelectMany(file => file.Findings(EmptyTag(), inCode: false)));
    }

    [Fact]
    public void An_interface_stands_only_where_several_implement_it()
    {
        // The tools of the tests count with the code: what must not know a thing has it given by an interface, and the second that gives it
        // may be a tool. A stored dump is given by the engine, for sources know no repository, and by a plain folder, for tests have none.
        var code = House.CodeIn("src", "tests/Larder.Testing").ToList();
        NothingFound(
            from file in House.CodeIn("src")
            from declared in InterfaceDeclaration().Matches(file.Code)
            let name = declared.Groups[1].Value
            let implements = new Regex($@"\b(?:class|record|struct)\s[^{{;]*:[^{{;]*\b{name}\b")
            where code.Sum(other => implements.Count(other.Code)) < 2
            select $"{file.Path}: {name} has fewer than two implementations; a sealed class or a delegate will do");
    }

    [Fact]
    public void No_registry_is_named_by_its_host()
    {
        string[] hosts =
        [
            "nuget" + ".org", "deb.debian" + ".org", "security.debian" + ".org", "snapshot.debian" + ".org", "registry.npmjs" + ".org",
            "pypi" + ".org", "pythonhosted" + ".org", "crates" + ".io", "proxy.golang" + ".org", "repo.maven" + ".apache.org",
        ];
        var named = new Regex(string.Join('|', hosts.Select(Regex.Escape)), RegexOptions.IgnoreCase);
        NothingFound(House.Files.SelectMany(file => file.Findings(named, inCode: false)));
    }

    [Fact]
    public void Types_are_named_for_what_they_are()
    {
        NothingFound(House.CodeIn("src").SelectMany(file => file.Findings(VagueType())));
    }

    [Fact]
    public void Native_functions_are_bound_in_native_folders_only()
    {
        NothingFound(
            from file in House.CodeIn("src")
            where !file.Path.Split('/').Contains("Native")
            from finding in file.Findings(NativeImport())
            select finding);
    }

    [Fact]
    public void Scripts_stop_at_the_first_failure()
    {
        var scripts = House.Files.Where(file => file.Text.StartsWith("#!", StringComparison.Ordinal)).ToList();
        Assert.Contains(scripts, script => script.Path == "eng/test");
        NothingFound(scripts
            .Where(script => !script.Text.StartsWith("#!/usr/bin/env bash\n", StringComparison.Ordinal)
                || !script.Text.Contains("\nset -euo pipefail\n", StringComparison.Ordinal))
            .Select(script => script.Path));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("SECURITY.md")]
    [InlineData("CHANGELOG.md")]
    public void Pages_link_only_to_what_is_there(string start)
    {
        NothingFound(
            from page in House.Files
            where page.Path == start || (page.Path.StartsWith($"{start}/", StringComparison.Ordinal) && page.Path.EndsWith(".md", StringComparison.Ordinal))
            from link in PageLink().Matches(page.Text)
            let target = Path.Combine(House.Root, FolderPath(page.Path), Uri.UnescapeDataString(link.Groups[1].Value))
            where !Path.Exists(target)
            select $"{page.Path} links to {link.Groups[1].Value}, which is not there");
    }

    private static void NothingFound(IEnumerable<string> findings)
    {
        var all = findings.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }

    private static void AssertArrows(string project, Dictionary<string, string[]> arrows)
    {
        var files = House.CodeIn($"src/{project}").Where(file => FolderOf(file, project).Length > 0).ToList();
        var strangers = files.Select(file => FolderOf(file, project)).Distinct().Except(arrows.Keys)
            .Select(folder => $"{project}/{folder} is a new room: say in HouseTests what it may see");
        NothingFound(strangers.Concat(
            from file in files
            let folder = FolderOf(file, project)
            where arrows.ContainsKey(folder)
            from use in Uses(file, project, [.. arrows.Keys])
            where use.Folder != folder && !arrows[folder].Contains(use.Folder)
            select $"{use.Where} ({folder} may see: {(arrows[folder] is [] ? "nothing" : string.Join(", ", arrows[folder]))})"));
    }

    // A using line or a fully qualified name; or the short form Packs.PackReader, where such a type lies in that folder.
    private static IEnumerable<(string Folder, string Where)> Uses(HouseFile file, string project, string[] folders)
    {
        var names = string.Join('|', folders);
        var full = new Regex($@"\b{Regex.Escape(project)}\.({names})\b");
        var brief = new Regex($@"(?<![\w.])({names})\.([A-Z]\w*)");
        foreach (var (match, where) in full.Matches(file.Code).Zip(file.Findings(full)))
        {
            yield return (match.Groups[1].Value, where);
        }

        foreach (var (match, where) in brief.Matches(file.Code).Zip(file.Findings(brief)))
        {
            var type = Path.Combine(House.Root, "src", project, match.Groups[1].Value, $"{match.Groups[2].Value}.cs");
            if (File.Exists(type))
            {
                yield return (match.Groups[1].Value, where);
            }
        }
    }

    // "Packs" for src/Larder.Repository/Packs/Deep/File.cs, and nothing for a file of the project's root.
    private static string FolderOf(HouseFile file, string project)
    {
        var parts = file.Path[$"src/{project}/".Length..].Split('/');
        return parts.Length > 1 ? parts[0] : "";
    }

    private static string NamespaceOf(HouseFile file) => FolderPath(file.Path)["src/".Length..].Replace('/', '.');

    private static string FolderPath(string path) => Path.GetDirectoryName(path) ?? "";

    [GeneratedRegex(@"\bLarder\.(Testing|Bench|\w+\.Tests|Tests|EndToEnd)\b")]
    private static partial Regex TestNamespace();

    [GeneratedRegex(@"^\s*namespace\s+([\w.]+)\s*[;{]", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"\bglobal\s+using\s+(?:static\s+)?Larder\S*")]
    private static partial Regex GlobalUsing();

    [GeneratedRegex(@"<Using\s+Include=""Larder\S*")]
    private static partial Regex ProjectUsing();

    [GeneratedRegex(@"\bThread\.Sleep\b|\bSpinWait\.SpinUntil\b")]
    private static partial Regex ThreadSleep();

    [GeneratedRegex(@"#pragma\s+warning\s+disable.*|\bSuppressMessage\b")]
    private static partial Regex PragmaDisable();

    [GeneratedRegex(@"\b(?:class|struct|record|interface|enum)\s+\w+(?:Manager|Helpers?|Utils?|Utility|Utilities)\b")]
    private static partial Regex VagueType();

    [GeneratedRegex(@"\b(?:class|struct|record|interface|enum)\s+(?:struct\s+|class\s+)?(\w+)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"\binterface\s+(I\w+)")]
    private static partial Regex InterfaceDeclaration();

    // The first column of a table.
    [GeneratedRegex(@"^\| (`[^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"`([A-Z]\w+/?|[a-z]+/)`")]
    private static partial Regex CodeName();

    [GeneratedRegex(@"<(summary|returns|remarks|param|typeparam|exception)\b[^>]*>[\s/]*</\1>")]
    private static partial Regex EmptyTag();

    [GeneratedRegex(@"\b(?:DllImport|LibraryImport)\b")]
    private static partial Regex NativeImport();

    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")]
    private static partial Regex PageLink();
}
