namespace Larder.Engine.Configuration;

/// <summary>
/// Checks that names which are used exist: repositories, jobs, and the sources of the same job. Runs over what could be read.
/// </summary>
internal sealed class ReferenceCheck(ICollection<ConfigurationProblem> problems)
{
    private IReadOnlyList<string> repositories = [];
    private IReadOnlyList<string> sources = [];
    private IReadOnlyList<string> jobs = [];

    public void Check(ObjectValue root)
    {
        repositories = NamesOf(root, "repositories");
        jobs = NamesOf(root, "jobs");
        foreach (var (name, _, job) in root.Named("jobs"))
        {
            CheckJob((ObjectValue)job, $"jobs.{name}");
        }
        CheckHttp(root.Object("http"));
        CheckListen(root);
        if (root.Find("alerts") is { } alerts)
        {
            Walk(alerts, "alerts");
        }
    }

    private void CheckHttp(ObjectValue? http)
    {
        if (http is null)
        {
            return;
        }
        var (certificate, key) = (http.Find("certificate"), http.Find("certificate_key"));
        if (certificate is null != key is null)
        {
            Add(
                (certificate ?? key)!.Node!,
                "http.certificate",
                "http.certificate and http.certificate_key belong together, and only one of them is there.",
                "certificate: /etc/larder/tls.crt and certificate_key: /etc/larder/tls.key");
        }
    }

    /// <summary>Passwords and tokens do not go over a network as they are.</summary>
    private void CheckListen(ObjectValue root)
    {
        var http = root.Object("http");
        if (http?.Find("certificate") is not null || http?.List("proxies").Count > 0)
        {
            return;
        }
        foreach (var one in root.Object("serve")?.List("listen").OfType<ScalarValue>() ?? [])
        {
            if (one is { Node: { } node, Value: System.Net.IPEndPoint at } && !System.Net.IPAddress.IsLoopback(at.Address))
            {
                Add(
                    node,
                    "serve.listen",
                    "serve.listen is open to a network, and there is neither http.certificate nor a proxy of http.proxies that has one.",
                    $"127.0.0.1:{ServeSettings.PortByDefault}");
            }
        }
    }

    private void CheckJob(ObjectValue job, string path)
    {
        sources = NamesOf(job, "sources");
        Walk(job, path);

        var to = job.Texts("to");
        if (to.Count > 0 && job.Object("keep")?.Find("repositories") is NamedValue keep)
        {
            foreach (var (name, node, _) in keep.Items.Where(item => !to.Contains(item.Name) && repositories.Contains(item.Name)))
                {
                Add(
                    node,
                    $"{path}.keep.repositories.{name}",
                    $"{path}.keep.repositories names {name}, which is not in {path}.to.",
                    $"one of {string.Join(", ", to)}");
            }
        }

        CheckEngine(job, "sync", path);
        CheckEngine(job, "purge", path);
    }

    private void CheckEngine(ObjectValue job, string key, string path)
    {
        if (job.Object(key)?.Find("source") is not ScalarValue { Node: { } node } source)
        {
            return;
        }

        var named = job.Named("sources").FirstOrDefault(item => item.Name == source.Text).Value as ObjectValue;
        if (named is not null && named.Find("mongodb") is null)
        {
            Add(node, $"{path}.{key}.source", $"{path}.{key}.source names {source.Text}, which is not a mongodb source.", null);
        }
        if (key == "sync" && named?.Object("mongodb")?.Texts("databases") is ["all"])
        {
            Add(
                node,
                $"{path}.{key}.source",
                $"{path}.{key}.source names {source.Text}, which backs up all databases; what is synced has names.",
                "database: shop");
        }
    }

    private void Walk(SettingValue value, string path)
    {
        switch (value)
        {
            case ScalarValue { Shape: ScalarShape { Reference: not ReferenceKind.None } shape, Node: { } node } scalar:
                // Quoted as it was written: what a variable holds is not repeated.
                CheckName(scalar.Text, node.Text, shape.Reference, node, path);
                break;
            case ListValue list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    Walk(list.Items[i], list.Node?.Kind == SettingNodeKind.List ? $"{path}[{i}]" : path);
                }

                break;
            case NamedValue named:
                foreach (var (name, node, item) in named.Items)
                {
                    if (((NamedShape)named.Shape).Reference is var reference and not ReferenceKind.None && ScalarShapes.IsName(name))
                    {
                        CheckName(name, name, reference, node, $"{path}.{name}");
                    }

                    Walk(item, $"{path}.{name}");
                }

                break;
            case ObjectValue map:
                foreach (var (key, member) in map.Members)
                {
                    Walk(member, key.Name == ((ObjectShape)map.Shape).Inline ? path : $"{path}.{key.Name}");
                }

                break;
        }
    }

    private void CheckName(string name, string written, ReferenceKind kind, SettingNode node, string path)
    {
        var (known, what) = kind switch
        {
            ReferenceKind.Repository => (repositories, "repository"),
            ReferenceKind.Job => (jobs, "job"),
            _ => (sources, "source of this job"),
        };
        if (known.Count == 0 || known.Contains(name))
        {
            return; // With none known, that none are there is the problem, and it is reported already.
        }

        var near = NearestWord.Find(name, known);
        var shown = ScalarShapes.IsName(written) ? $"\"{written}\"" : "a name";
        Add(
            node,
            path,
            $"{path} is {shown}, but no {what} has that name.",
            near is not null ? $"did you mean {near}?" : known.Count > 0 ? $"one of {string.Join(", ", known)}" : null);
    }

    private void Add(SettingNode node, string path, string message, string? suggestion) =>
        problems.Add(ProblemWords.Problem(node, path, message, suggestion));

    /// <summary>Also those whose value was wrong: a name that stands there is known.</summary>
    private static IReadOnlyList<string> NamesOf(ObjectValue value, string key) =>
        [.. value.Find(key)?.Node?.Pairs.Where(pair => pair.Key.Kind == SettingNodeKind.Scalar).Select(pair => pair.Key.Text) ?? []];
}
