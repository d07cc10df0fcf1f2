using System.Globalization;
using System.Text.Json.Nodes;
using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.LeaderElection;

/// <summary>A Lease as JSON, so that what we do not know of it (labels, owners, newer fields) survives our updates.</summary>
internal static class LeaseRecord
{
    public static ResourceType<JsonObject> Type { get; } =
        new("coordination.k8s.io", "v1", "leases", "Lease", namespaced: true, ApiJson.Default.JsonObject, MetaOf);

    public static string Holder(JsonObject lease) => Spec(lease)["holderIdentity"]?.GetValue<string>() ?? "";

    public static string ResourceVersion(JsonObject lease) => MetaOf(lease).ResourceVersion;

    /// <summary>How long its holder claims it after each renewal; null when it does not say.</summary>
    public static TimeSpan? Duration(JsonObject lease) =>
        Spec(lease)["leaseDurationSeconds"]?.GetValue<int>() is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null;

    public static JsonObject New(NamespacedName name) => new()
    {
        ["apiVersion"] = Type.ApiVersion,
        ["kind"] = Type.Kind,
        ["metadata"] = new JsonObject { ["namespace"] = name.Namespace, ["name"] = name.Name },
    };

    /// <summary>The lease as its holder, <see cref="LeaderElectionOptions.Identity"/>, holds it from now on.</summary>
    public static JsonObject HeldBy(JsonObject lease, LeaderElectionOptions options, DateTimeOffset now)
    {
        var (holder, duration) = (options.Identity, options.LeaseDuration);
        var next = lease.DeepClone().AsObject();
        Annotate(next, options.Annotations);
        var spec = Spec(next);
        var former = Holder(lease);
        if (former != holder)
        {
            spec["acquireTime"] = MicroTime(now);
            var transitions = spec["leaseTransitions"]?.GetValue<int>();
            spec["leaseTransitions"] = transitions is { } count ? count + 1 : 0;
        }
        spec["holderIdentity"] = holder;
        spec["leaseDurationSeconds"] = (int)duration.TotalSeconds;
        spec["renewTime"] = MicroTime(now);
        return next;
    }

    /// <summary>The lease free for anybody at once. One second, because the server demands a positive duration.</summary>
    public static JsonObject Released(JsonObject lease, DateTimeOffset now)
    {
        var next = lease.DeepClone().AsObject();
        var spec = Spec(next);
        spec["holderIdentity"] = "";
        spec["leaseDurationSeconds"] = 1;
        spec["renewTime"] = MicroTime(now);
        return next;
    }

    private static void Annotate(JsonObject lease, IReadOnlyDictionary<string, string>? annotations)
    {
        if (annotations is null || lease["metadata"] is not JsonObject metadata)
        {
            return;
        }
        if (metadata["annotations"] is not JsonObject present)
        {
            metadata["annotations"] = present = [];
        }
        foreach (var (name, value) in annotations)
        {
            present[name] = value;
        }
    }

    private static JsonObject Spec(JsonObject lease)
    {
        if (lease["spec"] is JsonObject spec)
        {
            return spec;
        }
        spec = [];
        lease["spec"] = spec;
        return spec;
    }

    private static ResourceMeta MetaOf(JsonObject lease)
    {
        var metadata = lease["metadata"];
        string Text(string field) => metadata?[field]?.GetValue<string>() ?? "";
        return new ResourceMeta(Text("namespace"), Text("name"), Text("uid"), Text("resourceVersion"));
    }

    // metav1.MicroTime takes exactly six digits; a serialiser that leaves zeros out fails once in a million seconds.
    private static string MicroTime(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
