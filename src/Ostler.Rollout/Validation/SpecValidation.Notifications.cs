using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Notifications;

namespace Ostler.Rollout.Validation;

public static partial class SpecValidation
{
    private static void CheckNotifications(IReadOnlyList<NotificationReceiver>? receivers, string ownNamespace, Problems problems)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (receivers?.Count ?? 0); i++)
        {
            var receiver = receivers![i];
            var at = $"spec.notifications[{i}]";
            if (!names.Add(receiver.Name))
            {
                problems.Invalid($"{at}.name", $"{receiver.Name} is used twice");
            }

            if (receiver is { Url: null, SecretRef: null })
            {
                problems.Invalid(at, "set url, or secretRef to a Secret with the key address");
            }

            if (receiver.Url is { } url)
            {
                if (NotificationAddress.Problem(url) is { } problem)
                {
                    problems.Invalid($"{at}.url", problem);
                }
                else if (new Uri(url).UserInfo.Length > 0)
                {
                    problems.Invalid($"{at}.url", "must not hold a user or a password: everyone who can read policies could read them. Put the address into secretRef");
                }
            }

            CheckSecret($"{at}.secretRef", receiver.SecretRef, ownNamespace, problems);
        }
    }
}
