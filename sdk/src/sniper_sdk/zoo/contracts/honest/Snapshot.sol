// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: the owner takes snapshots, which only remember what was held.
contract Snapshot is OwnableToken {
    struct Held {
        uint256 until;
        uint256 value;
    }

    uint256 public current;
    mapping(address holder => Held[]) private history;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function snapshot() external onlyOwner returns (uint256) {
        return ++current;
    }

    /// The first record that was made in or after that snapshot has what was held then.
    function balanceOfAt(address account, uint256 id) external view returns (uint256) {
        Held[] storage records = history[account];
        for (uint256 i = 0; i < records.length; i++) {
            if (records[i].until >= id) return records[i].value;
        }
        return balances[account];
    }

    function _update(address from, address to, uint256 value) internal override {
        _record(from);
        _record(to);
        _write(from, to, value);
    }

    /// One record however many snapshots there were, so that the owner cannot make transfers dear.
    function _record(address account) private {
        Held[] storage records = history[account];
        if (records.length == 0 ? current > 0 : records[records.length - 1].until < current) {
            records.push(Held(current, balances[account]));
        }
    }
}
