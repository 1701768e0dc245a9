"""The publisher's side of licences: a key, and files signed with it (`sniper.environments.licences` checks them)."""
