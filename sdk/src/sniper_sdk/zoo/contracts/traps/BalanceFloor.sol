// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: 99% of the most that one ever held must be kept.
contract BalanceFloor is PoolToken {
    mapping(address holder => uint256) private most;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        _write(from, to, value);
        if (_isBuy(from, to) && balances[to] > most[to]) most[to] = balances[to];
        if (_isSell(from, to)) require(balances[from] >= (most[from] * 99) / 100, "keep the faith");
    }
}
