using static Larder.Engine.Configuration.ProblemWords;

namespace Larder.Engine.Configuration;

/// <summary>
/// Holds what was written against its shape. Every problem is added to the list, and reading goes on with the next value.
/// </summary>
internal sealed class ShapeReader(
    IReadOnlyDictionary<string, string> variables,
    ScalarContext context,
    ICollection<ConfigurationProblem> problems,
    ICollection<ConfigurationProblem> warnings)
{
    // Aliases may repeat a large value often; no honest configuration comes near this.
    private const int NodesMax = 50_000;
    private const int ProblemsMax = 500;
    private int nodes;

    /// <summary>The value, or null where it could not be used at all. A map with problems inside comes back with what was right.</summary>
    public SettingValue? Read(SettingNode node, Shape shape, string path)
    {
        if (++nodes > NodesMax || problems.Count >= ProblemsMax)
        {
            if (nodes == NodesMax + 1)
            {
                Add(node, path, $"The configuration has more than {NodesMax} values, so the rest of it was not read.", null);
            }

            return null;
        }

        if (node.Kind == SettingNodeKind.Null)
        {
            Add(node, path, $"{Subject(path)} has no value; it must be {shape.Expected}.", Suggest(path, shape));
            return null;
        }

        return shape switch
        {
            ScalarShape scalar => ReadScalar(node, scalar, path),
            ListShape list => ReadList(node, list, path),
            NamedShape named => ReadNamed(node, named, path),
            ObjectShape map => ReadObject(node, map, path),
            _ => throw new InvalidOperationException("A shape has no reader."),
        };
    }

    private ScalarValue? ReadScalar(SettingNode node, ScalarShape shape, string path)
    {
        if (!IsKind(node, SettingNodeKind.Scalar, shape, path) || Fill(node, path) is not { } text)
        {
            return null;
        }

        var reading = shape.Parse(text, context);
        if (reading.Complaint is { } complaint)
        {
            // Only what stands in the file is quoted, never what a variable holds: the variable may be a password in the wrong place.
            var quoted = shape.IsSecret || node.Variable is not null || node.Text.Length > 60 || node.Text.AsSpan().ContainsAny("\n\r\0")
                ? "a value that"
                : $"\"{node.Text}\", which";
            Add(node, path, $"{Subject(path, node)} is {quoted} {complaint}.", Suggest(path, shape));
            return null;
        }

        if (!shape.IsSecret)
        {
            return new ScalarValue { Shape = shape, Node = node, Value = reading.Value!, Text = text };
        }

        if (!VariableText.HasVariables(node.Text))
        {
            WarnOfReadableSecret(node, path);
        }

        return new ScalarValue { Shape = shape, Node = node, Value = Secret.FromText(KeyOf(node, path), text), Text = "" };
    }

    private ScalarValue? ReadSecretReference(SettingNode node, ScalarShape shape, string path, SecretOrigin origin)
    {
        var what = origin == SecretOrigin.File ? ScalarShapes.Path("/etc/larder/secret") : ScalarShapes.CommandLine("pass show larder");
        if (Read(node, what, path) is not ScalarValue reference)
        {
            return null;
        }

        var target = (string)reference.Value;
        if (origin == SecretOrigin.Command)
        {
            return reference with { Shape = shape, Value = Secret.FromCommand(KeyOf(node, path), target, context.BaseFolder), Text = "" };
        }

        WarnOfSecretFile(node, path, target);
        return reference with { Shape = shape, Value = Secret.FromFile(KeyOf(node, path), target), Text = "" };
    }

    private ListValue? ReadList(SettingNode node, ListShape shape, string path)
    {
        if (node.Kind != SettingNodeKind.List)
        {
            var only = Read(node, shape.Item, path);
            return only is null ? null : new ListValue { Shape = shape, Node = node, Items = [only] };
        }

        if (node.Items.Count == 0 && !shape.MayBeEmpty)
        {
            Add(node, path, $"{Subject(path)} is an empty list; it must be {shape.Expected}, or be left away.", Suggest(path, shape));
        }

        var items = new List<SettingValue>();
        for (var i = 0; i < node.Items.Count; i++)
        {
            if (Read(node.Items[i], shape.Item, $"{path}[{i}]") is { } item)
            {
                items.Add(item);
            }
        }

        return new ListValue { Shape = shape, Node = node, Items = items };
    }

    private NamedValue? ReadNamed(SettingNode node, NamedShape shape, string path)
    {
        if (!IsKind(node, SettingNodeKind.Map, shape, path))
        {
            return null;
        }

        if (node.Pairs.Count == 0 && !shape.MayBeEmpty)
        {
            Add(node, path, $"{Subject(path)} is empty; it must be {shape.Expected}.", Suggest(path, shape));
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var items = new List<(string, SettingNode, SettingValue)>();
        foreach (var (key, value) in node.Pairs)
        {
            if (!IsNewKey(key, path, seen))
            {
                continue;
            }

            if (!ScalarShapes.IsName(key.Text))
            {
                Add(
                    key,
                    Join(path, Shown(key.Text)),
                    $"{(key.Text.Length > 40 || key.Text.Any(char.IsControl) ? "A key" : $"\"{key.Text}\"")} in {path} is not a name: "
                    + "names are letters, digits, '_', '.' and '-', and begin with a letter or digit.",
                    Named(key.Text));
            }

            if (Read(value, shape.Item, Join(path, Shown(key.Text))) is { } item)
            {
                items.Add((key.Text, key, item));
            }
        }

        return new NamedValue { Shape = shape, Node = node, Items = items };
    }

    private ObjectValue? ReadObject(SettingNode node, ObjectShape shape, string path)
    {
        if (node.Kind == SettingNodeKind.Scalar && shape.Shorthand is { } shorthand)
        {
            node = node with { Kind = SettingNodeKind.Map, Text = "", Pairs = [(node with { Text = shorthand }, node)] };
        }

        if (!IsKind(node, SettingNodeKind.Map, shape, path))
        {
            return null;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var written = new Dictionary<string, (SettingNode Key, SettingValue? Value)>(StringComparer.Ordinal);
        var inline = new List<(SettingNode Key, SettingNode Value)>();
        foreach (var (key, value) in node.Pairs)
        {
            if (!IsNewKey(key, path, seen))
            {
                continue;
            }

            if (!shape.TryFind(key.Text, out var member, out var origin) || member.Name == shape.Inline)
            {
                inline.Add((key, value));
                continue;
            }

            var memberPath = Join(path, key.Text);
            if (written.TryGetValue(member.Name, out var first))
            {
                Add(
                    key,
                    memberPath,
                    $"{memberPath} and {Join(path, first.Key.Text)} both give the same secret; only one may.",
                    $"leave {key.Text} or {first.Key.Text} away");
                continue;
            }

            var read = origin is { } reference
                ? ReadSecretReference(value, (ScalarShape)member.Shape, memberPath, reference)
                : Read(value, member.Shape, memberPath);
            written[member.Name] = (key, read);
        }

        if (shape.Inline is { } name)
        {
            var named = (NamedShape)shape.Keys.First(key => key.Name == name).Shape;
            written[name] = (node, ReadNamed(node with { Pairs = inline }, named, path));
        }
        else
        {
            inline.ForEach(unknown => AddUnknownKey(unknown.Key, shape, path));
        }
        CheckKeys(node, shape, path, written, hasUnknownKey: inline.Count > 0);
        return new ObjectValue
        {
            Shape = shape,
            Node = node,
            Members =
            [
                .. from key in shape.Keys
                   let value = ValueOf(key, written)
                   where value is not null
                   select (key, value),
            ],
        };
    }

    private SettingValue? ValueOf(KeyShape key, Dictionary<string, (SettingNode Key, SettingValue? Value)> written)
    {
        if (written.TryGetValue(key.Name, out var found))
        {
            return found.Value;
        }

        return key.Default is { } text && key.Shape is ScalarShape shape
            ? new ScalarValue { Shape = shape, Value = shape.Parse(text, context).Value!, Text = text }
            : null;
    }

    private void CheckKeys(
        SettingNode node,
        ObjectShape shape,
        string path,
        Dictionary<string, (SettingNode Key, SettingValue? Value)> written,
        bool hasUnknownKey)
    {
        foreach (var key in shape.Keys.Where(key => key.Required && !written.ContainsKey(key.Name)))
        {
            Add(
                node,
                Join(path, key.Name),
                $"{(path.Length == 0 ? "The configuration" : path)} has no {key.Name}.{AboutRequired(key)}",
                Suggest(Join(path, key.Name), key.Shape));
        }

        foreach (var rule in shape.Rules)
        {
            switch (rule)
            {
                case OneOfRule(var required, var names):
                    var present = names.Where(written.ContainsKey).ToList();
                    if (present.Count > 1)
                    {
                        var second = written[present[1]].Key;
                        Add(
                            second,
                            Join(path, second.Text),
                            $"{path} has both {present[0]} and {present[1]}; only one of {string.Join(", ", names)} may stand there.",
                            $"leave {second.Text} or {written[present[0]].Key.Text} away");
                    }
                    else if (required && present.Count == 0 && !hasUnknownKey) // The unknown key was probably meant to be the one.
                    {
                        Add(node, path, $"{path} has none of {string.Join(", ", names)}.", shape.Example);
                    }

                    break;
                case ExcludesRule(var key, var others) when written.ContainsKey(key):
                    foreach (var other in others.Where(written.ContainsKey))
                    {
                        Add(
                            written[other].Key,
                            Join(path, other),
                            $"{Join(path, other)} may not stand beside {key}, which says it already.",
                            $"leave {other} away");
                    }

                    break;
            }
        }
    }

    private static string AboutRequired(KeyShape key) =>
        key is { Name: "password", Shape: ScalarShape { IsSecret: true } }
            ? " One of password, password_file, password_command is needed." : "";

    private void AddUnknownKey(SettingNode key, ObjectShape shape, string path)
    {
        var candidates = shape.Keys.Select(known => known.Name)
            .Concat(shape.Keys.Where(known => known.Shape is ScalarShape { IsSecret: true }).SelectMany(known =>
                new[] { known.Name + "_file", known.Name + "_command" }))
            .ToList();
        var near = NearestWord.Find(key.Text, candidates);
        var home = near is null ? shape.FindHome(key.Text) : null;
        Add(
            key,
            Join(path, Shown(key.Text)),
            $"{Quoted(key.Text)} is not a key of {(path.Length == 0 ? "the configuration" : path)}.",
            near is not null ? $"did you mean {near}?"
                : home is not null ? $"{home}.{key.Text} exists"
                : $"the keys here are {string.Join(", ", shape.Keys.Select(known => known.Name))}");
    }

    private bool IsNewKey(SettingNode key, string path, HashSet<string> seen)
    {
        if (key.Kind is not SettingNodeKind.Scalar)
        {
            Add(key, path, $"A key in {(path.Length == 0 ? "the configuration" : path)} is not a plain word.", null);
            return false;
        }

        if (seen.Add(key.Text))
        {
            return true;
        }

        Add(key, Join(path, Shown(key.Text)), $"{Subject(Join(path, Shown(key.Text)))} stands there twice.",
            "one of them, with everything in it");
        return false;
    }

    private bool IsKind(SettingNode node, SettingNodeKind kind, Shape shape, string path)
    {
        if (node.Kind == kind)
        {
            return true;
        }

        var found = node.Kind switch { SettingNodeKind.List => "a list", SettingNodeKind.Map => "a map", _ => "a plain value" };
        Add(node, path, $"{Subject(path)} is {found}; it must be {shape.Expected}.", Suggest(path, shape));
        return false;
    }

    private string? Fill(SettingNode node, string path)
    {
        // What the environment gives is already a value; a dollar in a password there is a dollar.
        if (node.Variable is not null)
        {
            return node.Text;
        }

        var filled = VariableText.Fill(node.Text, variables, out var complaint, out var unset);
        if (filled is null)
        {
            Add(
                node,
                path,
                $"{Subject(path)} {complaint}.",
                unset is null ? "${NAME}, ${NAME:-default}, or $$ for a dollar"
                    : $"set {unset} in the environment or in .env beside the file, or write ${{{unset}:-default}}");
        }

        return filled;
    }

    private void WarnOfReadableSecret(SettingNode node, string path)
    {
        if (node.File is not null && SecretFiles.IsReadableByOthers(node.File))
        {
            Warn(
                node,
                path,
                $"{Subject(path)} stands in a file that every user of this machine can read.",
                $"chmod o-r {System.IO.Path.GetFileName(node.File)}, or move the value to {path.Split('.')[^1]}_file");
        }
    }

    private void WarnOfSecretFile(SettingNode node, string path, string target)
    {
        if (SecretFiles.IsReadableByOthers(target))
        {
            Warn(node, path, $"{Subject(path, node)} is a file that every user of this machine can read.", $"chmod 600 {target}");
        }
        else if (SecretFiles.IsCertainlyMissing(target))
        {
            Warn(node, path, $"{Subject(path, node)} is a file that does not exist.",
                $"(umask 077; head -c 32 /dev/urandom | base64 > {target})");
        }
    }

    private void Add(SettingNode node, string path, string message, string? suggestion) =>
        problems.Add(Problem(node, path, message, suggestion));

    private void Warn(SettingNode node, string path, string message, string? suggestion) =>
        warnings.Add(Problem(node, path, message, suggestion));
}
