using System.Text.Json.Nodes;
using Cel;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;

namespace Ostler.Charts.Tests;

/// <summary>
/// The expressions of config/admission, evaluated as an API server does: conditions first, then variables, then validations; an error
/// refuses. On servers of 1.30 and later <see cref="AgentRightsTests"/> has the server itself do it.
/// </summary>
public sealed class AdmissionExpressionTests
{
    private const string NodeClaim = "authentication.kubernetes.io/node-name";

    private static readonly JsonObject[] Documents = [.. YamlDocuments.Read(File.ReadAllText(Path.Combine(Repository.Config, "admission", "agent-own-node.yaml")))];
    private static readonly JsonNode Spec = Documents[0]["spec"]!;

    [Theory]
    [InlineData("ostler-agent", "node-1", "status", "node-1", null)]
    [InlineData("ostler-agent", "node-1", "status", "node-2", "the agent of node node-1 cannot report for node-2")]
    [InlineData("ostler-agent", "node-1", "status", "node-10", "the agent of node node-1 cannot report for node-10")]
    [InlineData("ostler-agent", null, "status", "node-1", "the agent of node (unknown: its token is bound to no pod) cannot report for node-1")]
    [InlineData("ostler-agent", "node-1", null, "node-1", "agents write the status of a NodeOS, never the object")]
    [InlineData("ostler-agent", "node-1", "", "node-1", "agents write the status of a NodeOS, never the object")]
    [InlineData("ostler-agent", "node-1", "scale", "node-1", "agents write the status of a NodeOS, never the object")]
    [InlineData("ostler-agent", "node-1", "status", null, "error")]
    [InlineData("ostler-controller", null, null, "node-1", null)]
    public void An_agent_writes_the_status_of_its_own_node_and_others_are_not_held_up(string account, string? node, string? subresource, string? name, string? refusal)
    {
        var request = Request($"system:serviceaccount:ostler-system:{account}", subresource, name, node is null ? null : [node]);

        Assert.Equal(refusal, Refusal(request));
    }

    [Fact]
    public void A_person_is_never_taken_for_an_agent_whatever_the_name_is() =>
        Assert.Null(Refusal(Request("eve:ostler-agent", null, "node-1", null)));

    [Fact]
    public void An_agent_in_any_namespace_is_held_to_it_as_an_overlay_may_move_Ostler() =>
        Assert.NotNull(Refusal(Request("system:serviceaccount:elsewhere:ostler-agent", "status", "node-2", ["node-1"])));

    /// <summary>The server never puts two there; a proxy that could would have to be trusted all the same.</summary>
    [Fact]
    public void Two_nodes_in_one_identity_are_none() =>
        Assert.NotNull(Refusal(Request("system:serviceaccount:ostler-system:ostler-agent", "status", "node-1", ["node-1", "node-2"])));

    [Fact]
    public void Every_way_to_write_a_NodeOS_is_matched_and_a_broken_policy_refuses()
    {
        var rule = Assert.Single(Spec["matchConstraints"]!["resourceRules"]!.AsArray())!;

        Assert.Equal("Fail", (string?)Spec["failurePolicy"]);
        Assert.Equal(
            """{"apiGroups":["ostler.dev"],"apiVersions":["*"],"operations":["CREATE","UPDATE","DELETE"],"resources":["nodeoses","nodeoses/status"]}""", rule.ToJsonString());
        Assert.Equal(
            ((string?)Documents[0]["metadata"]!["name"], """["Deny","Audit"]"""),
            ((string?)Documents[1]["spec"]!["policyName"], Documents[1]["spec"]!["validationActions"]!.ToJsonString()));
        Assert.All(Documents, document => Assert.Equal("admissionregistration.k8s.io/v1", (string?)document["apiVersion"]));
    }

    /// <summary>Why the policy refuses a request; null when it lets it through.</summary>
    private static string? Refusal(Dictionary<string, object?> request)
    {
        var environment = new CelEnvironment(null, null);
        var known = new Dictionary<string, object?> { ["request"] = request };
        try
        {
            if (Spec["matchConditions"]!.AsArray().Any(condition => environment.Program((string)condition!["expression"]!, known) is not true))
            {
                return null;
            }

            var variables = new Dictionary<string, object?>();
            known["variables"] = variables;
            foreach (var variable in Spec["variables"]!.AsArray())
            {
                variables[(string)variable!["name"]!] = environment.Program((string)variable["expression"]!, known);
            }

            var failed = Spec["validations"]!.AsArray().FirstOrDefault(validation => environment.Program((string)validation!["expression"]!, known) is not true);
            return failed is null
                ? null
                : (string?)failed["messageExpression"] is { } message ? (string?)environment.Program(message, known) : (string)failed["message"]!;
        }
        catch (CelException)
        {
            return "error";
        }
    }

    /// <summary>A request as admission sees it: what is not there is left out.</summary>
    private static Dictionary<string, object?> Request(string user, string? subresource, string? name, string[]? nodes)
    {
        var identity = new Dictionary<string, object?> { ["username"] = user };
        if (nodes is not null)
        {
            identity["extra"] = new Dictionary<string, object?> { [NodeClaim] = nodes.ToList<object?>() };
        }

        var request = new Dictionary<string, object?> { ["userInfo"] = identity };
        if (subresource is not null)
        {
            request["subResource"] = subresource;
        }

        if (name is not null)
        {
            request["name"] = name;
        }

        return request;
    }
}
