// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: the fees of both directions can be set to everything.
contract FeeToHundred is PoolToken {
    uint256 public buyFee = 100;
    uint256 public sellFee = 100;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function updateFees(uint256 buyFee_, uint256 sellFee_) external onlyOwner {
        buyFee = buyFee_;
        sellFee = sellFee_;
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 rate = _isBuy(from, to) ? buyFee : _isSell(from, to) ? sellFee : 0;
        uint256 fee = (value * rate) / 10_000;
        if (fee > 0) _write(from, owner(), fee);
        _write(from, to, value - fee);
    }
}
