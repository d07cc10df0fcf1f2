using System.Text.Json.Nodes;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;

namespace Ostler.IntegrationTests.Support;

/// <summary>That somebody may do one thing with one resource, or did it.</summary>
/// <param name="Account">The service account.</param>
/// <param name="Group">The API group; empty for the core group.</param>
/// <param name="Resource">With the subresource.</param>
/// <param name="Verb">As in RBAC.</param>
/// <param name="Namespace">Where; empty for everywhere.</param>
internal sealed record Right(string Account, string Group, string Resource, string Verb, string Namespace)
{
    /// <summary>The only object for which it holds; null for any.</summary>
    public string? Name { get; init; }

    /// <summary>What the roles of config/rbac grant, and those of config/console.</summary>
    public static IReadOnlyList<Right> Granted(string config)
    {
        JsonObject[] documents = [.. new[] { "rbac", "console" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(config, folder), "*.yaml")).SelectMany(file => YamlDocuments.Read(File.ReadAllText(file)))];
        return
        [
            .. from binding in documents
               where (string?)binding["kind"] is "RoleBinding" or "ClusterRoleBinding"
               let role = documents.Single(d => (string?)d["kind"] == (string?)binding["roleRef"]!["kind"] && NameOf(d) == (string?)binding["roleRef"]!["name"])
               from subject in binding["subjects"]!.AsArray()
               from rule in role["rules"]?.AsArray() ?? []
               from @group in Texts(rule["apiGroups"])
               from resource in Texts(rule["resources"])
               from verb in Texts(rule["verbs"])
               from name in rule["resourceNames"] is { } names ? Texts(names) : [null!]
               select new Right((string)subject!["name"]!, @group, resource, verb, (string?)binding["metadata"]!["namespace"] ?? "") { Name = name },
        ];
    }

    /// <summary>
    /// What Ostler's service accounts asked for; null for everybody else, and for what is no resource, such as discovery.
    /// </summary>
    public static Right? Used(ApiRequest request)
    {
        const string Prefix = $"system:serviceaccount:{Installation.Namespace}:";
        return request.User.StartsWith(Prefix, StringComparison.Ordinal) && request.Resource.Length > 0
            ? new(request.User[Prefix.Length..], request.Group, request.Resource, request.Verb, request.Namespace) { Name = request.Name }
            : null;
    }

    /// <summary>Whether it allows what was asked for.</summary>
    public bool Covers(Right used) =>
        (Account, Group, Resource, Verb) == (used.Account, used.Group, used.Resource, used.Verb)
        && (Namespace.Length == 0 || Namespace == used.Namespace)
        && (Name is null || Name == used.Name);

    public override string ToString() => $"{Account}: {Verb} {Resource}{(Group.Length > 0 ? $".{Group}" : "")}{(Namespace.Length > 0 ? $" in {Namespace}" : "")}";

    private static string NameOf(JsonObject document) => (string)document["metadata"]!["name"]!;

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(text => (string)text!);
}
